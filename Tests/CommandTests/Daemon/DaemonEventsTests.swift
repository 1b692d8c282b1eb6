// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

/// The daemon with `sampling.events: on`, against this kernel.
@Suite(
  .serialized,
  .requires(
    .root, .networkNamespaces, .tracing, .command("python3"), .command("ip"), .command("setpriv")))
struct DaemonEventsTests {
  private static let quick = [
    "sampling.interval=300ms", "sampling.full-interval=300ms", "sampling.cpu-budget=100%",
  ]

  /// Opens and closes connections as fast as it can, in a namespace of its own with 1,000 ports:
  /// none is open for longer than a fraction of a millisecond. Says how many it began.
  private func flood(_ folder: TemporaryDirectory) throws -> ChildProgram {
    folder.write(
      "flood.py",
      Array(
        """
        import os, socket, threading
        server = socket.socket()
        server.bind(("127.0.0.1", 5432))
        server.listen(1000)
        def serve():
            while True:
                connection, _ = server.accept()
                while connection.recv(100):
                    pass
                connection.close()
        threading.Thread(target=serve, daemon=True).start()
        input()
        for _ in range(1300):
            client = socket.socket()
            try:
                client.connect(("127.0.0.1", 5432))
            except OSError:
                pass
            client.close()
        print(os.getpid(), flush=True)
        input()
        """.utf8))
    return try ChildProgram(
      "unshare",
      [
        "--net", "sh", "-c",
        """
        ip link set lo up
        sysctl -qw net.ipv4.ip_local_port_range='40000 40999' net.ipv4.tcp_tw_reuse=0
        exec python3 \(folder.path)/flood.py
        """,
      ])
  }

  @Test func `who opens connections that no look sees is named, with their exact number`() throws {
    let folder = TemporaryDirectory()
    let control = "\(folder.path)/control"
    let daemon = try RunningDaemon(
      settings: Self.quick + ["sampling.events=on"], control: control)
    try daemon.waitFor("watching")
    let flood = try flood(folder)
    flood.send("go")
    let pid = try #require(try flood.readLine(within: 60))
    let line = try daemon.waitFor("time-wait-port-exhaustion", "firing")
    #expect(line.contains("python3 flood.py[\(pid)]"), "\(line)")
    // It fires in the midst of the flood; a look after it knows all of it.
    var words = ""
    for _ in 0..<30 where !words.contains("1,300 of") && !words.contains("at least 1,") {
      let asked = try #require(Command.run(["triage", "--control-socket", control]))
      words = asked.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      usleep(100_000)
    }
    // Other tests may fill the table at the same time, which is told.
    let isExact = words.contains("counted by the kernel: 1,300 of 1,300 connects in")
    #expect(isExact || words.contains("counted by the kernel: at least 1,"), "\(words)")
    #expect(words.contains("came from python3 flood.py[\(pid)]"), "\(words)")
    #expect(!words.contains("inferred"), "\(words)")
    let doctor = try #require(Command.run(["doctor", "--control-socket", control]))
    let said = doctor.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(said.contains("connects are counted by the kernel"), "\(said)")
    try expectNoRights(daemon)
    flood.send("end")
    #expect(daemon.stop().status == 0)
  }

  /// CAP_PERFMON and CAP_BPF, of capabilities(7).
  private static let loading: UInt64 = 1 << 38 | 1 << 39

  /// Nobody who goes on has a right to load programs, the call for it, or anything of BPF but the
  /// link, which the daemon keeps so that the program ends with it.
  private func expectNoRights(_ daemon: RunningDaemon) throws {
    let keepers = ChildProcesses.of(daemon.pid, named: "closewatch-keep")
    let eyes = ChildProcesses.eyes(of: daemon.pid)
    #expect(keepers.count == 1)
    #expect(eyes.count >= 1)
    for pid in [daemon.pid] + keepers + eyes {
      let status = String(
        decoding: try #require(readBytes("/proc/\(pid)/status")), as: UTF8.self)
      for name in ["CapPrm:", "CapEff:"] {
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name) })
        let rights = try #require(
          line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
        #expect(rights & Self.loading == 0, "\(line) of \(pid)")
      }
      #expect(status.contains("Seccomp:\t2\n"))
      let held = ChildProcesses.descriptors(of: pid).filter { $0.contains("bpf") }
      #expect(held == (pid == daemon.pid ? ["anon_inode:bpf_link"] : []), "\(pid)")
      let maps = String(decoding: try #require(readBytes("/proc/\(pid)/maps")), as: UTF8.self)
      let table = maps.split(separator: "\n").filter { $0.hasSuffix("anon_inode:bpf-map") }
      #expect(table.count == 1 && table.allSatisfy { $0.contains(" r--s ") }, "\(table)")
    }
  }

  @Test func `without the rights it goes on as before, and says why once, in doctor and beside`()
    throws
  {
    let folder = TemporaryDirectory()
    let control = "\(folder.path)/control"
    let daemon = try RunningDaemon(
      settings: Self.quick + ["sampling.events=on"], control: control,
      through: ["setpriv", "--bounding-set", "-bpf,-perfmon"])
    try daemon.waitFor("watching")
    let flood = try flood(folder)
    flood.send("go")
    try daemon.waitFor("time-wait-port-exhaustion", "firing")
    let why = "CAP_BPF and CAP_PERFMON are missing"
    let warnings = daemon.lines.filter { $0.contains("connects are not counted") }
    #expect(warnings.count == 1)
    #expect(warnings.allSatisfy { $0.contains(why) }, "\(warnings)")
    for command in ["triage", "doctor"] {
      let asked = try #require(Command.run([command, "--control-socket", control]))
      let words = asked.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(words.contains(why), "\(words)")
    }
    flood.send("end")
    #expect(daemon.stop().status == 0)
  }

  @Test func `off, nothing of it is there`() throws {
    let daemon = try RunningDaemon(settings: Self.quick)
    try daemon.waitFor("watching")
    let keepers = ChildProcesses.of(daemon.pid, named: "closewatch-keep")
    for pid in [daemon.pid] + keepers + ChildProcesses.eyes(of: daemon.pid) {
      #expect(!ChildProcesses.descriptors(of: pid).contains { $0.contains("bpf") })
      let maps = String(decoding: try #require(readBytes("/proc/\(pid)/maps")), as: UTF8.self)
      #expect(!maps.contains("bpf"))
    }
    #expect(!daemon.lines.contains { $0.contains("connects") })
    #expect(daemon.stop().status == 0)
  }
}
