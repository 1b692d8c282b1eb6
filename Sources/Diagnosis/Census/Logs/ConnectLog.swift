// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Who has connected where of late, where the kernel counts it: nothing of it is inferred.
///
/// The kernel's counts grow for as long as a process connects. Who has opened what is in TIME_WAIT
/// now is told by the last minute or two of them.
package struct ConnectLog: Sendable {
  /// The connects of one process in that time.
  package struct Opener: Hashable, Sendable {
    package var process: ProcessID
    package var command: String
    package var connects: Int
  }

  /// Everybody who connects to a place.
  package struct Openers: Hashable, Sendable {
    /// With most connects.
    package var first: Opener
    /// Those with most connects first.
    package var all: [Opener]
    /// For how long they were counted.
    package var seconds: Double
    /// Connects for which there was no local port.
    package var withoutPort: Int
    /// Whether none was lost to the counts meanwhile.
    package var isWhole: Bool

    package var connects: Int { all.reduce(0) { $0.addingClamped($1.connects) } }
  }

  private struct Key: Hashable {
    var place: OpenerPlace
    var process: ProcessID

    init(_ count: ConnectCount) {
      place = OpenerPlace(namespace: count.namespace, remote: count.remote)
      process = count.process
    }
  }

  /// What was counted up to an instant.
  private struct Stand {
    var at: BootInstant
    var counts: [Key: (connects: Int, withoutPort: Int)] = [:]
    var lost = 0
  }

  /// The time to look back is at least so long, once it was counted for so long: what is in
  /// TIME_WAIT is younger.
  static let windowSeconds = 60.0

  private var now: BootInstant
  private var since: BootInstant?
  private var newest: [ConnectCount] = []
  private var lost = 0
  /// From where the newest counts are counted, and what will take its place.
  private var base = Stand(at: BootInstant(nanoseconds: 0))
  private var next = Stand(at: BootInstant(nanoseconds: 0))

  init(_ first: Sample) {
    now = first.takenAt
    record(first)
  }

  mutating func record(_ sample: Sample) {
    now = sample.takenAt
    newest = sample.connects
    lost = sample.connectTally.lost
    guard let since = sample.connectTally.since else {
      self.since = nil
      return
    }
    if self.since != since {
      self.since = since
      base = Stand(at: since)
      next = stand
    } else if now.seconds(since: next.at) >= Self.windowSeconds {
      base = next
      next = stand
    }
  }

  private var stand: Stand {
    let counts = newest.map { (Key($0), ($0.connects, $0.withoutPort)) }
    return Stand(
      at: now, counts: Dictionary(counts) { first, _ in first }, lost: lost)
  }

  /// Who connects to a place; nil where that is not counted, or nobody does.
  func openers(at place: OpenerPlace) -> Openers? {
    openers { $0.namespace == place.namespace && $0.remote == place.remote }
  }

  /// Who connects to any place on a port of a namespace.
  func openers(to port: UInt16, in namespace: NetnsID) -> Openers? {
    openers { $0.namespace == namespace && $0.remote.port == port }
  }

  private func openers(_ isWanted: (ConnectCount) -> Bool) -> Openers? {
    guard since != nil else { return nil }
    var found: [ProcessID: Opener] = [:]
    var withoutPort = 0
    for count in newest where isWanted(count) {
      let late = recent(count)
      if late.connects == 0 { continue }
      let opener = Opener(process: count.process, command: count.command, connects: 0)
      found[count.process, default: opener].connects =
        (found[count.process]?.connects ?? 0).addingClamped(late.connects)
      withoutPort = withoutPort.addingClamped(late.withoutPort)
    }
    let all = found.values.sorted { ($1.connects, $0.process) < ($0.connects, $1.process) }
    guard let first = all.first else { return nil }
    return Openers(
      first: first, all: all,
      seconds: now.seconds(since: base.at), withoutPort: withoutPort, isWhole: lost == base.lost)
  }

  /// What has come since the time to look back begins. An entry can have been given away and come
  /// back meanwhile: then it begins anew.
  private func recent(_ count: ConnectCount) -> (connects: Int, withoutPort: Int) {
    guard count.firstAt <= base.at, let before = base.counts[Key(count)] else {
      return (count.connects, count.withoutPort)
    }
    return (
      max(0, count.connects - before.connects), max(0, count.withoutPort - before.withoutPort)
    )
  }

  /// A host of many busy clients: so many to each place, and so many in all, are enough to name.
  private static let mostPerPlace = 4
  private static let mostProcesses = 64

  /// Those who connect often, by place, those with most connects first: who they are has to be read
  /// while they live.
  var busiest: [Opener] {
    guard since != nil, !newest.isEmpty else { return [] }
    var places: [OpenerPlace: [Opener]] = [:]
    for count in newest {
      let connects = recent(count).connects
      guard connects >= EphemeralPorts.fewest else { continue }
      let place = OpenerPlace(namespace: count.namespace, remote: count.remote)
      places[place, default: []].append(
        Opener(process: count.process, command: count.command, connects: connects))
    }
    let order: (Opener, Opener) -> Bool = {
      ($1.connects, $0.process) < ($0.connects, $1.process)
    }
    let heavy = places.values.flatMap { $0.sorted(by: order).prefix(Self.mostPerPlace) }
    return Array(heavy.sorted(by: order).prefix(Self.mostProcesses))
  }
}
