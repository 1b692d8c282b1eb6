// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import closewatchd

/// The socket file of the control socket, and what strangers can do to it.
@Suite(.serialized) struct ControlSocketTests {
  private let directory = TemporaryDirectory()
  private var socket: String { "\(directory.path)/control.sock" }

  private static let quick = [
    "sampling.interval=200ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
    "rules.patience=1s", "rules.quiet=1s",
  ]

  private func start() throws -> RunningDaemon {
    let daemon = try RunningDaemon(settings: Self.quick, control: socket)
    try daemon.waitFor("listening on the control socket")
    try daemon.waitFor("watching")
    return daemon
  }

  private var triage: String {
    get throws {
      try #require(Command.run(["triage", "--control-socket", socket])).output
    }
  }

  private var mode: mode_t? {
    var info = stat()
    return lstat(socket, &info) == 0 ? info.st_mode : nil
  }

  @Test func `others may not connect, and the file goes with the daemon`() throws {
    let daemon = try start()
    let mode = try #require(mode)
    #expect(mode & S_IFMT == S_IFSOCK)
    #expect(mode & 0o007 == 0)
    #expect(mode & 0o700 == 0o600)
    #expect(daemon.stop().status == 0)
    #expect(self.mode == nil)
  }

  @Test func `what a killed daemon left behind is replaced`() throws {
    let first = try start()
    first.signal(SIGKILL)
    _ = first.stop()
    #expect(mode != nil)
    let second = try start()
    #expect(try triage.contains("From the daemon"))
    #expect(second.stop().status == 0)
  }

  @Test func `the socket of another daemon is left to it, also of one that is stopped`() throws {
    let first = try start()
    first.signal(SIGSTOP)
    let second = try RunningDaemon(settings: Self.quick, control: socket)
    let line = try second.waitFor("no control socket")
    #expect(line.contains("another daemon answers there; closewatch triage will look for itself"))
    try second.waitFor("watching")
    #expect(second.stop().status == 0)
    #expect(mode != nil)
    first.signal(SIGCONT)
    #expect(try triage.contains("From the daemon"))
    #expect(first.stop().status == 0)
  }

  @Test func `a daemon that ends leaves the socket that another has put in its place`() throws {
    let first = try start()
    // Somebody tidied up, and another daemon was started.
    #expect(unlink(socket) == 0)
    let second = try start()
    #expect(first.stop().status == 0)
    #expect(mode != nil)
    #expect(try triage.contains("From the daemon"))
    #expect(second.stop().status == 0)
    #expect(mode == nil)
  }

  @Test func `a file that is no socket is not touched, and the daemon goes on without`() throws {
    directory.write("control.sock", Array("mine".utf8))
    let daemon = try RunningDaemon(settings: Self.quick, control: socket)
    try daemon.waitFor("no control socket", "File exists (EEXIST)")
    try daemon.waitFor("watching")
    #expect(daemon.stop().status == 0)
    #expect(directory.read("control.sock") == Array("mine".utf8))
  }

  @Test(.requires(.root, .networkNamespaces))
  func `garbage, slow clients and a thousand connections do not disturb the watch`() throws {
    let daemon = try start()
    // What a test beside this one has open is inherited.
    let before = daemon.descriptors
    let garbage = [
      "\u{0}\u{1}\u{2}\r\n\r\n", "GET /triage HTTP/9.9\r\n\r\n", "POST /triage HTTP/1.1\r\n",
      "GET /triage?format=pdf HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /triage?target=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /triage HTTP/1.1\r\nHost: x\r\n" + String(repeating: "a: b\r\n", count: 5000),
      "GET /tri",
    ]
    var open = (0..<200).map { _ in UnixServer.connect(socket) }.filter { $0 >= 0 }
    defer { for fd in open { close(fd) } }
    // However many come at once, it has 32 of them. In a second it cuts off nobody yet.
    #expect(open.count >= 150)
    var most = 0
    for _ in 0..<20 {
      usleep(50_000)
      most = max(most, daemon.descriptors)
    }
    #expect(most < before + 64, "\(most), \(before) before")
    for index in 0..<1000 {
      let fd = UnixServer.connect(socket)
      // The queue of the kernel is full: what more of them can do is nothing.
      guard fd >= 0 else { continue }
      let bytes = Array(garbage[index % garbage.count].utf8)
      _ = send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      open.append(fd)
    }
    #expect(open.count >= 232)
    // With all of them open, a leak is found as ever.
    _ = try Lab.with("close-wait", count: 13) { lab in
      try daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
    }
    // They make room for a person, who is answered.
    let limit = RunningDaemon.monotonicSeconds + 60
    var output = ""
    while !output.contains("From the daemon"), RunningDaemon.monotonicSeconds < limit {
      output = try triage
    }
    #expect(output.contains("From the daemon"), "\(output)")
    // Whoever sends nothing whole is cut off, also where nobody wants the room.
    for fd in open { close(fd) }
    open = [UnixServer.connect(socket)]
    _ = send(open[0], "GET /tri", 8, Int32(MSG_NOSIGNAL))
    var end = pollfd(fd: open[0], events: Int16(POLLIN), revents: 0)
    #expect(open[0] >= 0 && poll(&end, 1, 20_000) == 1, "two seconds are what a request may take")
    #expect(daemon.descriptors < before + 32, "\(daemon.descriptors), \(before) before")
    #expect(daemon.stop().status == 0)
  }
}
