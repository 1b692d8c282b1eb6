// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import closewatchd

/// Clients that mean no good, against limits of a second instead of ten.
@Suite(.serialized) struct WebAbuseTests {
  private static var limits: WebLimits {
    var limits = WebLimits()
    limits.requestSeconds = 1
    limits.idleSeconds = 2
    limits.responseSeconds = 1.5
    return limits
  }

  @Test func `a connection without a byte is closed at the limit of a request`() throws {
    let server = try RunningServer(limits: Self.limits)
    let seconds = try #require(try server.client().secondsUntilClosed())
    #expect((0.5...40).contains(seconds), "\(seconds)")
    try server.stop()
  }

  @Test func `a request that comes byte by byte is closed at the limit, however steady`() throws {
    let server = try RunningServer(limits: Self.limits)
    let client = try server.client()
    let began = RunningDaemon.monotonicSeconds
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    while RunningDaemon.monotonicSeconds - began < 45, !client.isClosedByPeer {
      client.send("a")
      if client.secondsUntilClosed(within: 0.1) != nil { break }
    }
    #expect((0.5...40).contains(RunningDaemon.monotonicSeconds - began))
    try server.stop()
  }

  @Test func `a second request that never ends is closed as fast as the first`() throws {
    var limits = Self.limits
    limits.idleSeconds = 600
    let server = try RunningServer(limits: limits)
    let client = try server.client()
    client.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(client.answer()?.status == 200)
    client.send("GET /")
    #expect(try #require(client.secondsUntilClosed(within: 300)) < 300)
    try server.stop()
  }

  @Test func `an idle connection is kept for a while and then closed`() throws {
    let server = try RunningServer(limits: Self.limits)
    let client = try server.client()
    client.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(client.answer()?.status == 200)
    let seconds = try #require(client.secondsUntilClosed())
    #expect((1.5...40).contains(seconds), "\(seconds)")
    try server.stop()
  }

  @Test func `a client that asks on and on without reading is cut off`() throws {
    let server = try RunningServer(limits: Self.limits, owners: 50)
    let client = try server.client()
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let began = RunningDaemon.monotonicSeconds
    var isRefused = false
    while RunningDaemon.monotonicSeconds - began < 45 {
      // EPIPE or ECONNRESET: the server has closed.
      if client.sendWithoutWaiting(request) < 0, errno != EAGAIN {
        isRefused = true
        break
      }
      usleep(1000)
    }
    #expect(isRefused)
    #expect(try server.get("/-/healthy")?.status == 200)
    try server.stop()
  }

  @Test func `1,009 idle connections keep no scraper out and stay within the bound`() throws {
    var limits = WebLimits()
    limits.connections = 97
    let server = try RunningServer(limits: limits)
    var idle: [WebClient] = []
    for _ in 0..<1009 { idle.append(try server.client()) }
    let page = try #require(try server.get("/metrics"))
    #expect(page.status == 200)
    let line = page.text.split(separator: "\n").first {
      $0.hasPrefix("closewatch_web_connections ")
    }
    let open = try #require(line?.split(separator: " ").last.flatMap { Int($0) })
    #expect(open <= 97, "\(open)")
    idle = []
    try server.stop()
  }

  @Test func `880 requests that are sent by halves keep no scraper out`() throws {
    var limits = WebLimits()
    limits.connections = 97
    let server = try RunningServer(limits: limits)
    var slow: [WebClient] = []
    for round in 0..<880 {
      let client = try server.client()
      client.send("GET /metrics HTTP/1.1\r\nHost: loc")
      slow.append(client)
      if round % 220 == 219 { #expect(try server.get("/metrics")?.status == 200, "\(round)") }
    }
    #expect(try server.get("/metrics")?.status == 200)
    slow = []
    try server.stop()
  }

  @Test(arguments: [
    ("localhost", 200), ("LOCALHOST:9776", 200), ("127.0.0.1:9776", 200), ("[::1]:9776", 200),
    ("192.0.2.7", 200), ("web01.example.", 200), ("attacker.example", 421),
    ("localhost.attacker.example:80", 421), ("", 421),
  ])
  func `under a name that it does not know the page is not given`(
    _ host: String, _ status: Int
  ) throws {
    let server = try RunningServer(allowedHosts: ["web01.example"])
    for (path, expected) in [("/", status), ("/metrics", 200), ("/-/healthy", 200)] {
      let client = try server.client()
      client.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      #expect(client.answer()?.status == expected, "\(path)")
    }
    try server.stop()
  }

  @Test func `random bytes never stop it`() throws {
    let server = try RunningServer(limits: Self.limits)
    var random = SeededBytes(seed: 20_261_121)
    for _ in 0..<200 {
      let client = try server.client()
      client.send(random.next(1 + Int(random.next(1)[0]) * 4))
      client.send("\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    }
    #expect(try server.get("/-/healthy")?.status == 200)
    try server.stop()
  }
}

/// xorshift64*: the same bytes at every run.
private struct SeededBytes {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return UInt8(truncatingIfNeeded: (state &* 0x2545_f491_4f6c_dd1d) >> 56)
    }
  }
}
