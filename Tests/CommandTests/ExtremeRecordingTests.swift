// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Recordings of hosts whose kernel says the greatest numbers there are. Under systemd
/// `fs.file-max` is 2^63-1, and whatever fits into 64 bits has to pass.
@Suite struct ExtremeRecordingTests {
  private func record(_ looks: [RecordedSample], to directory: String) throws {
    var recorder = try HostRecorder(directory: directory, closewatchVersion: "0", redacted: false)
    for look in looks { #expect(try recorder.append(look) == .written) }
    try recorder.finish()
  }

  /// Three looks of the same sockets with values from the ends of every column's range.
  private func looks(seed: UInt64) -> [RecordedSample] {
    var random = RandomLooks(seed: seed)
    let first = random.look(sockets: 97)
    return (0..<3).map { number in
      var look = random.look(sockets: 97)
      // So that the rules have sockets that stay, in states that they judge.
      look.sample.states = .all
      look.sample.sockets = first.sample.sockets
      look.report.holders = first.report.holders
      look.report.processes = first.report.processes
      for index in look.sample.sockets.indices {
        let states: [TCPState] = [.closeWait, .listen, .timeWait, .finWait2, .established]
        look.sample.sockets[index].state = states[index % states.count]
        look.report.holders[index].inode = look.sample.sockets[index].inode
      }
      look.sample.takenAt = BootInstant(seconds: 100_000 + 60 * Double(number))
      return look
    }
  }

  @Test(arguments: 1...11 as ClosedRange<UInt64>)
  func `the greatest and least numbers of every column pass through every command`(
    seed: UInt64
  ) throws {
    let temporary = TemporaryDirectory()
    let directory = temporary.path + "/recording"
    try record(looks(seed: seed), to: directory)
    for command in [
      ["sockets", "--wide"], ["sockets", "--json"], ["sockets", "--dead", "--json"],
      ["triage", "--patience", "1s"], ["triage", "--patience", "1s", "--json"],
      ["triage", "--patience", "1s", "--format", "markdown"],
    ] {
      let run = try #require(Command.run(command + ["--replay", directory]))
      #expect(run.status == 0 || run.status == 1, "\(command): \(run.errors)")
    }
  }

  @Test func `a recording of a host booted by systemd replays`() throws {
    let temporary = TemporaryDirectory()
    let directory = temporary.path + "/recording"
    var look = SmallHost.looks(1)[0]
    look.sample.host.openFiles = 2368
    look.sample.host.maxFiles = Int.max
    try record([look], to: directory)
    var host = try RecordedHost(directory: directory)
    #expect(try host.takeSample(SampleRequest()).host.maxFiles == Int.max)
  }
}
