// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// What is told while it is recorded is what a replay tells.
@Suite struct RecordingHostTests {
  let temporary = TemporaryDirectory()
  var directory: String { temporary.path + "/recording" }

  /// Gives looks that were made up, and ignores what was asked for.
  private struct MadeUpHost: Host {
    var looks: [RecordedSample]
    var next = 0

    mutating func answer(_ request: HostRequest) -> HostAnswer {
      switch request.question {
      case .sample:
        next += 1
        return .sample(looks[next - 1].sample)
      case .holders: return .holders(looks[next - 1].report)
      }
    }
  }

  private static let remote = Endpoint(IPAddress(ipv4: 0x0a14_1e09), 443)

  private var looks: [RecordedSample] {
    SmallHost.looks(3).map { look in
      var look = look
      look.report.caught = [
        CaughtOpener(
          hunt: OpenerHunt(namespace: SmallHost.own, remote: Self.remote, milliseconds: 250),
          process: SmallHost.idle, connections: 7)
      ]
      return look
    }
  }

  private func recording(
    of looks: [RecordedSample], bounds: RecordingBounds = RecordingBounds()
  ) -> RecordingHost {
    let directory = directory
    return RecordingHost(of: MadeUpHost(looks: looks)) { () throws(RecorderError) in
      try HostRecorder(
        directory: directory, closewatchVersion: "0", redacted: false, bounds: bounds)
    }
  }

  private static var searches: [HolderSearch] {
    var first = HolderSearch()
    first.inodes = [102, 103]
    first.completeness = .firstHolder
    first.likely = [813]
    var records = HolderSearch()
    records.records = [814]
    records.deadSockets = .of([813])
    var hunt = HolderSearch()
    hunt.hunts = [OpenerHunt(namespace: SmallHost.own, remote: remote, milliseconds: 100)]
    return [first, records, hunt]
  }

  private func files(_ sample: Sample, _ report: HolderReport) -> [RecordedSample.File] {
    RecordedSample(sample: sample, report: report).files()
  }

  @Test func `sockets that were only counted are replayed, of what is asked for`() throws {
    var look = SmallHost.looks(1)[0]
    let counted = [
      RowsLeftOut(SmallHost.own, .closeWait, count: 3),
      RowsLeftOut(SmallHost.own, .timeWait, count: 2_000_000),
    ]
    look.sample.leftOut = counted
    var live = recording(of: [look])
    #expect(try live.takeSample(SampleRequest()).leftOut == counted)
    try live.finish()
    var request = SampleRequest()
    var host = try RecordedHost(directory: directory)
    #expect(try host.takeSample(request).leftOut == counted)
    request.states = StateSet([TCPState.closeWait])
    host = try RecordedHost(directory: directory)
    #expect(try host.takeSample(request).leftOut == [counted[0]])
  }

  @Test func `every question has the answer that a replay gives`() throws {
    for (number, search) in Self.searches.enumerated() {
      let directory = temporary.path + "/\(number)"
      var live = RecordingHost(of: MadeUpHost(looks: looks)) { () throws(RecorderError) in
        try HostRecorder(directory: directory, closewatchVersion: "0", redacted: false)
      }
      var told: [[RecordedSample.File]] = []
      for _ in looks {
        let sample = try live.takeSample(SampleRequest())
        told.append(files(sample, live.findHolders(search)))
      }
      try live.finish()
      var replay = try RecordedHost(directory: directory)
      for answer in told {
        let sample = try replay.takeSample(SampleRequest())
        #expect(files(sample, replay.findHolders(search)) == answer)
      }
    }
  }

  @Test func `who was caught opening connections to a place is told to whoever hunts there`() throws
  {
    var live = recording(of: looks)
    _ = try live.takeSample(SampleRequest())
    let report = live.findHolders(Self.searches[2])
    #expect(report.caught.map(\.connections) == [7])
    #expect(report.processes.map(\.id) == [SmallHost.idle])
    #expect(live.findHolders(Self.searches[0]).caught.isEmpty)
  }

  @Test func `a look whose holders nobody asked for is written too`() throws {
    var live = recording(of: looks)
    for _ in 1...3 { _ = try live.takeSample(SampleRequest()) }
    try live.finish()
    #expect(try RecordedHost(directory: directory).looks == 3)
  }

  @Test func `beyond a bound the looks are judged and no longer written`() throws {
    var bounds = RecordingBounds()
    bounds.looks = 1
    var live = recording(of: looks, bounds: bounds)
    for _ in 1...3 {
      _ = try live.takeSample(SampleRequest())
      #expect(live.findHolders(Self.searches[0]).holders.count == 2)
    }
    try live.finish()
    #expect(live.incompleteBecause == "the bound of 1 looks was reached")
    #expect(try RecordedHost(directory: directory).looks == 1)
  }

  @Test func `a directory that cannot be made is told before anything is watched`() {
    mkdir(directory, 0o755)
    temporary.write("recording/mine", [1])
    var live = recording(of: looks)
    #expect(throws: HostError(RecorderError.notEmpty(path: directory).description)) {
      try live.takeSample(SampleRequest())
    }
  }
}
