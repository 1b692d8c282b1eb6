// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

@Suite struct HostRecorderTests {
  let temporary = TemporaryDirectory()
  var directory: String { temporary.path + "/recording" }

  private func recorder(
    redacted: Bool = false, bounds: RecordingBounds = RecordingBounds()
  ) throws(RecorderError) -> HostRecorder {
    try HostRecorder(
      directory: directory, closewatchVersion: "0.0.0", redacted: redacted, bounds: bounds)
  }

  @Test func `what was recorded replays, to the byte`() throws {
    let looks = SmallHost.looks(3)
    var recorder = try recorder()
    for look in looks { #expect(try recorder.append(look) == .written) }
    try recorder.finish()
    var host = try RecordedHost(directory: directory)
    #expect(host.looks == 3)
    #expect(host.span == looks[0].sample.takenAt...looks[2].sample.takenAt)
    for look in looks {
      let sample = try host.takeSample(SampleRequest())
      let report = host.findHolders(recorder.search(for: sample))
      #expect(RecordedSample(sample: sample, report: report).files() == look.files())
    }
    #expect(host.remainingLooks == 0)
    #expect(
      throws: HostError(
        "the recording \(directory) has 3 looks and all were taken;"
          + " ask for fewer, or record for longer")
    ) { try host.takeSample(SampleRequest()) }
  }

  @Test func `recording a replay gives the same files`() throws {
    var recorder = try recorder(redacted: true)
    for look in SmallHost.looks(2) { _ = try recorder.append(look) }
    try recorder.finish()
    let second = temporary.path + "/second"
    var again = RecordingHost(of: try RecordedHost(directory: directory)) {
      () throws(RecorderError) in
      try HostRecorder(directory: second, closewatchVersion: "0.0.0", redacted: true)
    }
    for _ in 1...2 { _ = try again.takeSample(SampleRequest()) }
    try again.finish()
    #expect(again.incompleteBecause == nil)
    let names =
      RecordedSample.fileNames.flatMap { ["looks/0001/\($0)", "looks/0002/\($0)"] }
      + ["recording.txt", "RECORDED.md"]
    for name in names {
      let first = readBytes("\(directory)/\(name)")
      #expect(first != nil && first == readBytes("\(second)/\(name)"), "\(name)")
    }
  }

  @Test func `an interrupted recording replays what was completed`() throws {
    var recorder = try recorder()
    for look in SmallHost.looks(2) { _ = try recorder.append(look) }
    // Interrupted in the third look: a folder beside its place, and no end in recording.txt.
    mkdir("\(directory)/looks/0003.partial", 0o700)
    temporary.write("recording/looks/0003.partial/look.txt", Array("boot_clo".utf8))
    var host = try RecordedHost(directory: directory)
    #expect(host.header.looks == nil)
    #expect(host.looks == 2)
    _ = try host.takeSample(SampleRequest())
    #expect(try host.takeSample(SampleRequest()).sockets.count == 8)
  }

  @Test func `a recording of which a look was lost is refused`() throws {
    var recorder = try recorder()
    for look in SmallHost.looks(2) { _ = try recorder.append(look) }
    try recorder.finish()
    rename("\(directory)/looks/0002", "\(directory)/lost")
    #expect(
      throws: HostError(
        "cannot replay \(directory): looks/0002/look.txt is missing; copy the whole recording"
          + " again, or record again")
    ) { try RecordedHost(directory: directory) }
  }

  @Test func `reaching the bound of bytes ends the recording, and what is written replays`() throws
  {
    let looks = SmallHost.looks(5)
    let size = looks[0].files().reduce(0) { $0 + $1.bytes.count }
    var bounds = RecordingBounds()
    bounds.totalBytes = size * 5 / 2
    var recorder = try recorder(bounds: bounds)
    #expect(try recorder.append(looks[0]) == .written)
    #expect(try recorder.append(looks[1]) == .written)
    let reason =
      "look 3 would bring the recording above its bound of \(bounds.totalBytes) bytes"
    #expect(try recorder.append(looks[2]) == .stopped(reason))
    #expect(try recorder.append(looks[3]) == .stopped(reason))
    let host = try RecordedHost(directory: directory, bounds: bounds)
    #expect(host.looks == 2)
    #expect(host.header.stopped == reason)
    let readable = String(decoding: temporary.read("recording/RECORDED.md") ?? [], as: UTF8.self)
    #expect(readable.contains("It stopped early: \(reason)."))
  }

  @Test func `a directory with something in it is not written to`() throws {
    mkdir(directory, 0o755)
    temporary.write("recording/mine", [1])
    #expect(throws: RecorderError.notEmpty(path: directory)) { try recorder() }
    #expect(
      RecorderError.notEmpty(path: "/x").description
        == "/x is not empty; name a directory that does not exist yet")
  }

  @Test func `an empty directory is taken`() throws {
    mkdir(directory, 0o755)
    var recorder = try recorder()
    try recorder.finish()
    #expect(try RecordedHost(directory: directory).looks == 0)
  }

  @Test func `a directory that can't be made is named with the reason`() {
    #expect(
      throws: RecorderError.notBegun(
        SystemCallError("mkdir", on: "/proc/closewatch/recording", errno: ENOENT))
    ) { try HostRecorder(directory: "/proc/closewatch/recording", closewatchVersion: "0") }
  }

  @Test func `files are for their owner only`() throws {
    let old = umask(0)
    defer { umask(old) }
    var recorder = try recorder()
    _ = try recorder.append(SmallHost.looks(1)[0])
    try recorder.finish()
    for name in RecordedSample.fileNames.map({ "looks/0001/\($0)" }) + ["recording.txt"] {
      var status = stat()
      #expect(stat("\(directory)/\(name)", &status) == 0)
      #expect(status.st_mode & 0o7777 == 0o600, "\(name)")
    }
    var status = stat()
    #expect(stat("\(directory)/looks/0001", &status) == 0 && status.st_mode & 0o7777 == 0o700)
  }

  @Test func `a redacted recording has the same structure as the host`() throws {
    let look = SmallHost.looks(1)[0]
    var recorder = try recorder(redacted: true)
    _ = try recorder.append(look)
    try recorder.finish()
    var host = try RecordedHost(directory: directory)
    let sample = try host.takeSample(SampleRequest())
    let report = host.findHolders(recorder.search(for: sample))
    #expect(sample.sockets.map(\.cookie) == look.sample.sockets.map(\.cookie))
    #expect(sample.sockets.map(\.state) == look.sample.sockets.map(\.state))
    #expect(report.holders == look.report.holders)
    // Both ends of one connection on this host still find each other.
    let ends = Set(sample.sockets.map { [$0.local, $0.remote] })
    let pairs = sample.sockets.count { ends.contains([$0.remote, $0.local]) }
    #expect(pairs == 2)
    for name in RecordedSample.fileNames {
      let bytes = try #require(temporary.read("recording/looks/0001/\(name)"))
      let text = String(decoding: bytes, as: UTF8.self)
      for secret in ["10.20.30", "acme", "hunter2", "/opt", "f00dfeed"] {
        #expect(!text.contains(secret), "\(secret) in \(name)")
      }
    }
  }

  @Test func `a look at this machine replays to the byte`() throws {
    let first = try Listener(backlog: 7)
    let second = try Listener(backlog: 7)
    var live = LiveHost()
    var recorder = try recorder()
    var request = SampleRequest()
    request.namespaces = .only(String(getpid()))
    let sample = try live.takeSample(request)
    let search = recorder.search(for: sample)
    let look = RecordedSample(sample: sample, report: live.findHolders(search))
    #expect(try recorder.append(look) == .written)
    try recorder.finish()
    var host = try RecordedHost(directory: directory)
    let again = try host.takeSample(SampleRequest())
    let report = host.findHolders(search)
    #expect(RecordedSample(sample: again, report: report).files() == look.files())
    let held = Set(report.holders.map(\.inode))
    #expect(held.contains(first.inode) && held.contains(second.inode))
  }
}
