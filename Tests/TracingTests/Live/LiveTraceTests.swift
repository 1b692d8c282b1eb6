// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Real traces of real programs that leak, which were not prepared.
@Suite(.serialized, .requires(.root, .tracing, .command("gcc")))
struct LiveTraceTests {
  /// Each is known, and its leaks are named by the function that leaks.
  private static let mix = "ududdu"

  @Test(arguments: [
    ["-O2", "-g", "-fomit-frame-pointer"], ["-O2", "-g", "-fno-omit-frame-pointer"],
    ["-O0", "-g"], ["-O2", "-fomit-frame-pointer"], ["-O2", "-g", "-static"],
    // Compiled into the function of the thread, as an optimizer does with small ones.
    ["-O2", "-g", "-DAPART=inline __attribute__((always_inline))"],
  ])
  func `the handler that leaks is named, and never the one that closes on the same way`(
    flags: [String]
  ) throws {
    let program = try TracedProgram(flags)
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 138, Self.mix)
    let report = try trace.report()
    #expect(report.stuck == 69)
    #expect(report.closed == 69)
    // The kernel skips a program that interrupts itself, which other work on the machine makes it
    // do: that is counted, and never more is unknown.
    let unknown = try #require(report.unknown)
    #expect(unknown <= report.lost_events)
    #expect(report.leads == ["end-of-stream read_all": 69 - unknown])
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["read_all", "handle_upload"]) })
    #expect(!report.names("handle_download"))
    if flags.contains("-g") {
      #expect(report.groups.allSatisfy { $0.frames.contains { ($0.line ?? 0) > 0 } })
    }
  }

  @Test(arguments: [("5", 500_000), ("597", 5000)])
  func `at one connection a second and at two hundred, all are named`(
    count: String, gap: Int
  ) throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let count = try #require(Int(count))
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: count, gap: gap, "u")
    let report = try trace.report()
    #expect(report.stuck == count)
    #expect(report.leads == ["end-of-stream read_all": count])
    #expect(report.unknown == 0)
  }

  @Test(arguments: [[], ["-DAPART=inline __attribute__((always_inline))"]])
  func `lines are known also where no table says which unit an address is in`(
    flags: [String]
  ) throws {
    let program = try TracedProgram(["-O2", "-g"] + flags)
    // As Clang and Swift build.
    let stripped = try ChildProgram.run(
      "objcopy", ["--remove-section=.debug_aranges", program.path])
    try #require(stripped.status == 0)
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 24, "ud")
    let report = try trace.report()
    #expect(report.leads == ["end-of-stream read_all": 12])
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["read_all", "handle_upload"]) })
    #expect(report.groups.allSatisfy { $0.frames.first(where: \.own)?.line == 36 })
  }

  @Test func `of a program without symbols the file is named and nothing else`() throws {
    let program = try TracedProgram(["-O2", "-s"])
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "u")
    let report = try trace.report()
    #expect(report.groups.map(\.sockets) == [23])
    let own = report.groups.flatMap(\.frames).filter(\.own)
    #expect(own.count >= 2)
    #expect(own.allSatisfy { $0.function == nil && $0.file?.hasSuffix("/leaking") == true })
  }

  @Test func `where a library does not say how it is left, no caller is guessed`() throws {
    let program = try TracedProgram(["-O2", "-g", "-fno-omit-frame-pointer"])
    let library = "\(program.directory.path)/receive.so"
    // As musl is: without tables and without a frame of its own.
    let source = """
      long recv(int fd, void *bytes, unsigned long size, int flags) {
        long got;
        register long wishes __asm__("r10") = flags;
        register long sender __asm__("r8") = 0;
        register long room __asm__("r9") = 0;
        __asm__ volatile("syscall" : "=a"(got) : "a"(45), "D"(fd), "S"(bytes), "d"(size),
          "r"(wishes), "r"(sender), "r"(room) : "rcx", "r11", "memory");
        return got;
      }
      """
    let built = try ChildProgram.run(
      "sh",
      [
        "-c",
        "printf %s \"$0\" | gcc -O2 -shared -fPIC -nostdlib -fno-asynchronous-unwind-tables"
          + " -fomit-frame-pointer -o \"$1\" -x c -", source, library,
      ])
    try #require(built.status == 0, "\(built.lines)")
    let server = try ChildProgram("env", ["LD_PRELOAD=\(library)", program.path, "serve"])
    let port = try #require(try server.readLine())
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "u")
    let report = try trace.report()
    #expect(report.stuck == 23)
    #expect(report.groups.isEmpty)
    #expect(report.unknown == 23)
  }

  @Test func `with --opener it is told where connections were accepted`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)", ["--opener"])
    try program.send(to: port, count: 46, "ud")
    let report = try trace.report()
    #expect(report.accepted == 46)
    #expect(report.closed == 23)
    #expect(report.stuck == 23)
    #expect(
      report.groups.allSatisfy {
        $0.opener.filter(\.own).compactMap(\.function).starts(with: ["accept_one", "serve"])
      })
  }

  @Test func `a reset is told where it was read, and the dead socket is found`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "x")
    let report = try trace.report()
    #expect(report.stuck == 23)
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["read_all", "handle_reset"]) })
    #expect(report.unknown == 0)
  }

  @Test func `where nobody reads on, the last read is told`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "r")
    let report = try trace.report()
    #expect(report.leads == ["last-read parse_request": 23])
  }

  @Test func `a read that takes the end with the last bytes is told`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "k")
    let report = try trace.report()
    #expect(report.leads == ["last-read keep_response": 23])
    #expect(report.unknown == 0)
  }

  @Test func `a read that fails or asks for nothing is no end`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "e")
    let report = try trace.report()
    // The program has looked at the first byte before.
    #expect(report.leads == ["last-read handle": 23])
  }

  @Test func `where nobody has read at all, the place of connect is told`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    func unread() throws -> TracedReport {
      let client = try ChildProgram(program.path, ["fetch", port, "23"])
      #expect(try client.readLine() == "ready")
      let trace = try RunningTrace("\(client.pid)")
      client.send("go")
      return try trace.report()
    }
    var report = try unread()
    // Where an event was missed, as on a busy machine, it names nothing rather than guess.
    for _ in 0..<3 where report.lost_events > 0 {
      #expect(report.groups.isEmpty)
      report = try unread()
    }
    #expect(report.leads == ["opened open_connection": 23])
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["open_connection", "fetch_price"]) })
    _ = server
  }

  @Test func `what lies beyond the copy of a stack is said to be missing`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 24, "lu")
    let report = try trace.report()
    #expect(report.leads == ["end-of-stream read_all": 24])
    for group in report.groups {
      let isCut = group.frames.last?.function?.contains("beyond the 16 kB") == true
      #expect(group.sockets == 12)
      #expect(
        group.own
          == (isCut ? ["read_all", "handle_long"] : ["read_all", "handle_upload", "handle"]))
    }
  }

  @Test func `a large buffer on the stack hides no caller`() throws {
    let program = try TracedProgram()
    let (server, port) = try program.serve()
    let trace = try RunningTrace("\(server.pid)")
    try program.send(to: port, count: 23, "b")
    let report = try trace.report()
    #expect(report.leads == ["end-of-stream handle_bulk": 23])
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["handle_bulk", "handle"]) })
  }
}
