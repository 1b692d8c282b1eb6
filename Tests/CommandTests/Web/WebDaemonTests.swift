// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import closewatchd

/// The web server in the built daemon.
@Suite(.serialized) struct WebDaemonTests {
  private func start() throws -> (RunningDaemon, UInt16) {
    let daemon = try RunningDaemon(
      settings: [
        "sampling.interval=200ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
      ], web: ["--web.listen-address", "127.0.0.1:0"])
    let line = try daemon.waitFor("listening on 127.0.0.1:")
    let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
    try daemon.waitFor("watching")
    return (daemon, port)
  }

  private static func get(_ port: UInt16, _ path: String) throws -> WebClient.Answer? {
    let client = try WebClient(port: port)
    client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client.answer()
  }

  @Test func `a port that is taken is one line that says so, and status 2`() throws {
    let (daemon, port) = try start()
    let run = try #require(
      Command.run(["daemon", "--web.listen-address", "127.0.0.1:\(port)"]))
    #expect(run.status == 2)
    #expect(
      run.errors == """
        closewatch: cannot listen on 127.0.0.1:\(port): Address already in use (EADDRINUSE); \
        another program listens there: choose --web.listen-address

        """)
    #expect(daemon.stop().status == 0)
  }

  @Test func `without a socket from systemd it says what is missing`() throws {
    let run = try #require(Command.run(["daemon", "--web.systemd-socket"]))
    #expect(run.status == 2)
    #expect(run.errors.contains("systemd has passed no socket"), "\(run.errors)")
    #expect(run.errors.count { $0 == "\n" } == 1)
  }

  @Test func `the page has what the last look has seen, and its own process`() throws {
    let (daemon, port) = try start()
    let page = try #require(try Self.get(port, "/metrics")).text
    for name in [
      "closewatch_sockets{netns_class=\"own\",state=\"listen\"}", "process_open_fds",
      "closewatch_samples_total{kind=\"full\"}", "closewatch_last_sample_timestamp_seconds",
    ] {
      #expect(page.contains("\n\(name) "), "\(name)")
    }
    #expect(daemon.stop().status == 0)
  }

  @Test(.requires(.socketDiagnostics))
  func `aborted scrapes and 100 scrapers at once leave nothing behind`() async throws {
    let (daemon, port) = try start()
    let descriptors = daemon.descriptors
    // The first storm shows how much memory a storm takes; the others must not add to it.
    try await Self.storm(port)
    try Self.wait(until: daemon.descriptors <= descriptors)
    let before = try #require(daemon.kilobytes("VmRSS"))
    for _ in 0..<5 { try await Self.storm(port) }
    try Self.wait(until: daemon.descriptors <= descriptors)
    let after = try #require(daemon.kilobytes("VmRSS"))
    // 2,000 connections and 750 pages of 20 kB: what a leak of either would take is more.
    #expect(after - before < 4096, "from \(before) kB to \(after) kB")
    let stuck = try #require(
      Command.run(["sockets", "--state", "close-wait", "--pid", "\(daemon.pid)", "--json"]))
    #expect(stuck.output.contains("\"sockets\":[]"), "\(stuck.output)")
    #expect(daemon.stop().status == 0)
  }

  /// 300 scrapes that are aborted, in four ways, and 100 at once that are not.
  private static func storm(_ port: UInt16) async throws {
    for round in 0..<300 {
      let client = try WebClient(port: port)
      if round % 3 == 0 { client.abortOnClose() }
      client.send(round % 2 == 0 ? "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" : "GET /met")
    }
    let good = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<100 {
        group.addTask { (try? Self.get(port, "/metrics"))??.status == 200 ? 1 : 0 }
      }
      return await group.reduce(0, +)
    }
    #expect(good == 100)
  }

  private static func wait(until isTrue: @autoclosure () -> Bool) throws {
    let limit = RunningDaemon.monotonicSeconds + 20
    while !isTrue() {
      try #require(RunningDaemon.monotonicSeconds < limit, "it did not happen in 20 s")
      usleep(20_000)
    }
  }

  @Test func `it stops at once with idle connections and half a request open`() throws {
    let (daemon, port) = try start()
    let idle = try WebClient(port: port)
    let half = try WebClient(port: port)
    half.send("GET / HT")
    let kept = try WebClient(port: port)
    kept.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(kept.answer()?.status == 200)
    let end = daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 30, "\(end.seconds) s")
    withExtendedLifetime((idle, half, kept)) {}
  }

  @Test(.requires(.command("systemd-socket-activate")))
  func `it takes the socket that systemd passes`() throws {
    let free = try WebDaemonTests.freePort()
    let program = try ChildProgram(
      "sh",
      [
        "-c",
        "exec systemd-socket-activate -l 127.0.0.1:\(free) \"$0\" daemon "
          + "--web.systemd-socket 2>&1", Command.path,
      ])
    // The first connection starts it.
    var answer: WebClient.Answer?
    let limit = RunningDaemon.monotonicSeconds + 30
    while answer == nil, RunningDaemon.monotonicSeconds < limit {
      answer = try? Self.get(free, "/-/healthy")
      if answer == nil { usleep(50_000) }
    }
    #expect(answer?.status == 200)
    kill(program.pid, SIGTERM)
    _ = program.end()
  }

  /// A port that was free a moment ago.
  private static func freePort() throws -> UInt16 {
    let server = try RunningServer()
    return server.port
  }
}
