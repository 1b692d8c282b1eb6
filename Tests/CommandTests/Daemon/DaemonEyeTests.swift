// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The daemon has no rights; the processes that look for it have them, and can be lost.
@Suite(.requires(.root, .networkNamespaces)) struct DaemonEyeTests {
  private func start() throws -> (RunningDaemon, UInt16) {
    let daemon = try RunningDaemon(
      settings: [
        "sampling.interval=200ms", "sampling.full-interval=400ms", "sampling.cpu-budget=100%",
      ], web: ["--web.listen-address", "127.0.0.1:0"])
    let line = try daemon.waitFor("listening on 127.0.0.1:")
    let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
    try daemon.waitFor("watching")
    return (daemon, port)
  }

  private func page(_ port: UInt16, _ path: String) throws -> WebClient.Answer? {
    let client = try WebClient(port: port)
    client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
    return client.answer()
  }

  /// The values of one line of `status` for each thread of a process.
  private func ofEachThread(_ pid: Int32, _ name: String) -> [String] {
    guard let directory = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(directory) }
    var values: [String] = []
    while let entry = readdir(directory) {
      let thread = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard Int32(thread) != nil, let bytes = readBytes("/proc/\(pid)/task/\(thread)/status")
      else { continue }
      let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix(name + ":") }
      values.append(line?.split(separator: "\t").last.map(String.init) ?? "")
    }
    return values
  }

  /// Also a zombie has ended: whoever takes over its children may not ask for them.
  private func isAlive(_ pid: Int32) -> Bool {
    guard let bytes = readBytes("/proc/\(pid)/stat") else { return false }
    return !String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  private func closeWaitOfOthers(_ page: String) -> Int? {
    let name = "closewatch_sockets{netns_class=\"other\",state=\"close_wait\"} "
    return page.split(separator: "\n").first { $0.hasPrefix(name) }
      .flatMap { Int($0.dropFirst(name.count)) }
  }

  @Test func `five eyes are killed, and the sixth sees all for a daemon without a right`() throws {
    try Lab.with("close-wait", count: 40) { lab in
      let (daemon, port) = try start()
      for round in 0...5 {
        let none = String(repeating: "0", count: 16)
        for name in ["CapPrm", "CapEff", "CapInh"] {
          let values = Set(ofEachThread(daemon.pid, name))
          #expect(values == [none], "\(name) in round \(round)")
        }
        #expect(Set(ofEachThread(daemon.pid, "NoNewPrivs")) == ["1"])
        let eyes = ChildProcesses.eyes(of: daemon.pid)
        #expect(eyes.count == 1)
        for eye in eyes {
          #expect(!ofEachThread(eye, "CapEff").contains(none))
          if round < 5 { kill(eye, SIGKILL) }
        }
        for _ in 0..<300 where ChildProcesses.eyes(of: daemon.pid).isEmpty { usleep(20_000) }
      }
      #expect(try page(port, "/-/ready")?.status == 200)
      let seen = try closeWaitOfOthers(#require(try page(port, "/metrics")).text)
      #expect(try #require(seen) >= 40)
      withExtendedLifetime(lab.pid) {}
      let keepers = ChildProcesses.of(daemon.pid, named: "closewatch-keep")
      #expect(daemon.stop().status == 0)
      for _ in 0..<100 where keepers.contains(where: isAlive) { usleep(20_000) }
      #expect(!keepers.contains(where: isAlive))
    }
  }
}
