// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

/// Nothing of a look is left out of a recording: a stored property without a column, or one that
/// the random looks never set, is named.
@Suite struct RecordedPropertyTests {
  /// The stored properties of a value by their paths (`sockstat.inUse`), those of structures in it
  /// one by one, and what each holds.
  private func properties(_ value: Any, path: String = "") -> [String: String] {
    let mirror = Mirror(reflecting: value)
    let isStructure =
      mirror.displayStyle == .struct && mirror.children.allSatisfy { $0.label != nil }
    guard isStructure, !mirror.children.isEmpty else { return [path: String(reflecting: value)] }
    var found: [String: String] = [:]
    for case (let label?, let child) in mirror.children {
      let inner = path.isEmpty ? label : "\(path).\(label)"
      found.merge(properties(child, path: inner)) { first, _ in first }
    }
    return found
  }

  /// Properties that no row has another value of than `empty` has, and those that a row has lost.
  private func missing<Row>(from empty: Row, _ rows: [Row], readBack: [Row]) -> [String] {
    let usual = properties(empty)
    var unset = Set(usual.keys)
    var lost: Set<String> = []
    for (row, back) in zip(rows.map { properties($0) }, readBack.map { properties($0) }) {
      for (path, value) in row {
        if value != usual[path] { unset.remove(path) }
        if value != back[path] { lost.insert(path) }
      }
    }
    return unset.map { "\($0): never set" }.sorted() + lost.map { "\($0): not recorded" }.sorted()
  }

  private struct Pair {
    var before: RecordedSample
    var after: RecordedSample
  }

  private func pairs() throws -> [Pair] {
    try (1...7 as ClosedRange<UInt64>).map { seed in
      var random = RandomLooks(seed: seed)
      let look = random.look(sockets: 31)
      let files = Dictionary(uniqueKeysWithValues: look.files().map { ($0.name, $0.bytes) })
      let back = try RecordedSample(files: files, folder: "", bounds: RecordingBounds())
      return Pair(before: look, after: back)
    }
  }

  private func check<Row>(
    _ empty: Row, _ pairs: [Pair], _ rows: (RecordedSample) -> [Row]
  ) {
    let found = missing(
      from: empty, pairs.flatMap { rows($0.before) }, readBack: pairs.flatMap { rows($0.after) })
    #expect(found.isEmpty, "\(Row.self)")
  }

  @Test func `every stored property of what is read has a column, and random looks set it`() throws
  {
    let pairs = try pairs()
    let process = ProcessID(pid: 0, startTicks: 0)
    let states = StateSet()
    let start = BootInstant(nanoseconds: 0)
    check(Sample(takenAt: start, wallClockSeconds: 0, states: states), pairs) { [$0.sample] }
    check(SocketRow(), pairs, \.sample.sockets)
    check(
      RowsLeftOut(NetnsID(rawValue: 0), TCPState(rawValue: 0), count: 0), pairs, \.sample.leftOut)
    check(
      ConnectCount(
        namespace: NetnsID(rawValue: 0), remote: Endpoint(.anyIPv4, 0), process: process),
      pairs, \.sample.connects)
    check(ConnectTally(), pairs) { [$0.sample.connectTally] }
    check(ProcessRecord(id: process), pairs, \.report.processes)
    check(NamespaceSample(id: NetnsID(rawValue: 0)), pairs, \.sample.namespaces)
    check(SocketHolder(inode: 0, process: process, fd: 0), pairs, \.report.holders)
    check(DeadDescriptor(inode: 0, process: process, fd: 0), pairs, \.report.deadSockets)
    let hunt = OpenerHunt(
      namespace: NetnsID(rawValue: 0), remote: Endpoint(.anyIPv4, 0), milliseconds: 0)
    check(CaughtOpener(hunt: hunt, process: process, connections: 0), pairs, \.report.caught)
    check(HostCounters(), pairs) { [$0.sample.host] }
    check(SampleCost(), pairs) { [$0.sample.cost] }
    check(Gap(.boundReached, count: 0, detail: ""), pairs) { $0.sample.gaps + $0.report.gaps }
  }

  @Test func `a property that is never set or not recorded is named`() {
    struct Inner { var kept = 0, forgotten = 0 }
    struct Row { var inner = Inner(), constant: Int? }
    let row = Row(inner: Inner(kept: 1, forgotten: 2))
    let back = Row(inner: Inner(kept: 1, forgotten: 0))
    #expect(
      missing(from: Row(), [row], readBack: [back])
        == ["constant: never set", "inner.forgotten: not recorded"])
  }
}
