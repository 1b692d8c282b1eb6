// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings
import TestSupport
import Testing

@testable import closewatch
@testable import closewatchd

/// What is there between the question for a look and its answer, and what of it outlives a look
/// that fails.
@Suite struct FailedLookTests {
  /// A host with one socket that says whether somebody still has the rows of its newest look when
  /// the next one is asked for.
  private final class RowHost: Host {
    private var rows: [SocketRow] = []
    private(set) var keptByOthers: [Bool] = []

    func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
      guard case .sample(let request) = request.question else { return .holders(HolderReport()) }
      if !rows.isEmpty { keptByOthers.append(areKeptByOthers()) }
      rows = [SocketRow](repeating: FailedLookTests.row, count: 100)
      for index in rows.indices { rows[index].remotePort = UInt16(index) }
      return .sample(FailedLookTests.sample(rows, request.states))
    }

    /// What somebody else has, too, is copied before it is changed.
    private func areKeptByOthers() -> Bool {
      let place = rows.withUnsafeBytes { $0.baseAddress }
      rows[0].uid += 1
      return rows.withUnsafeBytes { $0.baseAddress } != place
    }
  }

  private static var row: SocketRow {
    var row = SocketRow()
    row.namespace = NetnsID(rawValue: 77)
    row.state = .closeWait
    row.inode = 1
    row.localPort = 80
    row.remotePort = 5000
    return row
  }

  private static func sample(
    _ rows: [SocketRow], _ states: StateSet, at instant: BootInstant = Clock.boot
  ) -> Sample {
    var sample = Sample(takenAt: instant, wallClockSeconds: Clock.wallSeconds, states: states)
    sample.namespaces = [NamespaceSample(id: row.namespace)]
    sample.sockets = rows
    return sample
  }

  @Test func `when the daemon asks for a look, nobody has the rows of the one before`() throws {
    let host = RowHost()
    var engine = TurnEngine(host: host, settings: DaemonSettings())
    for _ in 0..<3 { _ = try engine.turn(.full) }
    #expect(host.keptByOthers == [false, false])
  }

  @Test func `when triage asks for a look, nobody has the rows of the one before`() throws {
    let host = RowHost()
    var loop = LookLoop(
      host: host, interval: TimeSpan(seconds: 0.01), duration: TimeSpan(seconds: .infinity))
    var watch = Watch(settings: RuleSettings())
    struct Enough: Error {}
    #expect(throws: Enough.self) {
      try loop.run { looked, _ in
        let sample = try watch.take(on: &looked).sample
        if host.keptByOthers.count == 2 { throw Enough() }
        return LookLoop.Taken(sample: sample)
      }
    }
    #expect(host.keptByOthers == [false, false])
  }

  @Test func `when a recording is made, nobody has the rows of the look before`() throws {
    let host = RowHost()
    let directory = TemporaryDirectory()
    var recording: any Host = RecordingHost(of: host) { () throws(RecorderError) in
      try HostRecorder(directory: directory.path + "/made", closewatchVersion: "1")
    }
    var watch = Watch(settings: RuleSettings())
    for _ in 0..<3 { _ = try watch.take(on: &recording) }
    #expect(host.keptByOthers == [false, false])
  }

  /// A recording of which every look succeeds at the second try only.
  private struct FlakyHost: Host {
    var recording: RecordedHost
    private var isNext = false

    init(_ recording: RecordedHost) { self.recording = recording }

    mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
      if case .sample = request.question {
        isNext.toggle()
        if isNext { throw HostError("not now") }
      }
      return try recording.answer(request)
    }
  }

  @Test(arguments: RecordedScenario.all)
  func `looks that fail in between change no finding`(_ scenario: RecordedScenario) throws {
    var settings = RuleSettings()
    settings.patienceSeconds = 12
    var host = try RecordedHost(directory: scenario.directory)
    var flaky = FlakyHost(host)
    var (watch, other) = (Watch(settings: settings), Watch(settings: settings))
    while host.remainingLooks > 0 {
      let events = try watch.take(on: &host).events
      #expect(throws: HostError.self) { try other.take(on: &flaky) }
      #expect(other.census?.hasRows != true)
      #expect(try other.take(on: &flaky).events == events)
      #expect(other.findings == watch.findings)
      #expect(other.census?.hasRows == true)
    }
    #expect(other.census?.looks == watch.census?.looks)
  }

  /// One leak, and looks that fail as told.
  private struct LeakyHost: Host {
    var fails: [Bool]

    mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
      guard case .sample(let request) = request.question else { return .holders(HolderReport()) }
      if fails.removeFirst() { throw HostError("cannot read any TCP table: no") }
      // Never too old to be relied on, however busy the machine is.
      let soon = Clock.boot.advanced(bySeconds: 3600)
      return .sample(FailedLookTests.sample([FailedLookTests.row], request.states, at: soon))
    }
  }

  private static func sampler(afterLooks fails: [Bool]) async throws -> Sampler {
    let store = SnapshotStore(
      DaemonSnapshot(startedAt: Clock.boot, startedWallSeconds: Clock.wallSeconds))
    let sampler = try Sampler(settings: DaemonSettings(), store: store) { LeakyHost(fails: fails) }
    for _ in fails { _ = await sampler.turn() }
    return sampler
  }

  @Test(arguments: [([false], true), ([false, true], false), ([false, true, true, false], true)])
  func `after a look that failed the daemon says so, and after the next one it knows again`(
    _ fails: [Bool], _ isKnown: Bool
  ) async throws {
    let sampler = try await Self.sampler(afterLooks: fails)
    switch await sampler.triage(of: nil) {
    case .report(let report):
      #expect(isKnown)
      #expect(report.census.hasSeen)
    case .unready(let why):
      #expect(!isKnown)
      #expect(why == "its last look failed: cannot read any TCP table: no")
    case .unknown: Issue.record("nothing was asked for by name")
    }
  }
}
