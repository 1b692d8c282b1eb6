// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Clients that mean no good, against the real daemon while it looks: looks go on on time, and
/// nothing of the clients stays.
@Suite(.serialized, .requires(.command("ss"))) struct AbuseTests {
  /// What holds for every kind of abuse.
  ///
  /// - Parameter abuse: Does it, and keeps its connections until it returns.
  private func withstand(
    seconds: Double = 3, _ abuse: (ScrapedDaemon) async throws -> Void
  ) async throws {
    let scraped = try ScrapedDaemon()
    // The first time shows how much memory such a storm takes; the second must not add to it.
    try await abuse(scraped)
    try Self.calm(scraped)
    let files = scraped.daemon.descriptors
    let memory = try #require(scraped.daemon.kilobytes("RssAnon"))
    let (looks, began) = (try scraped.looks(), RunningDaemon.monotonicSeconds)
    while RunningDaemon.monotonicSeconds - began < seconds { try await abuse(scraped) }
    let passed = RunningDaemon.monotonicSeconds - began
    let taken = try scraped.looks() - looks
    // Five a second are due; a tenth of them is what a machine ten times as slow would do.
    #expect(taken >= passed * 0.5, "\(taken) looks in \(passed) s")
    #expect(try scraped.number("closewatch_sample_failures_total") == 0)
    try Self.calm(scraped)
    let grown = try #require(scraped.daemon.kilobytes("RssAnon")) - memory
    #expect(grown < 4096, "\(memory) kB and \(grown) kB more")
    #expect(scraped.daemon.descriptors <= files + 2, "\(files) descriptors before")
    // One that its client has just left may be on its way; a leak stays.
    try ScrapedDaemon.wait(seconds: 30, "no CLOSE_WAIT of its own") {
      try scraped.ownCloseWait().isEmpty
    }
    let end = scraped.daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 30, "\(end.seconds) s")
  }

  /// Waits until it has let go of every client.
  private static func calm(_ scraped: ScrapedDaemon) throws {
    // The one that asks is open itself.
    try ScrapedDaemon.wait("no connection is left") {
      try scraped.number("closewatch_web_connections") <= 1
    }
    let now = try scraped.number("closewatch_last_sample_timestamp_seconds")
    #expect(Double(time(nil)) - now < 30, "the last look is old")
  }

  @Test func `requests that come byte by byte`() async throws {
    try await withstand { scraped in
      let clients = try (0..<101).map { _ in try WebClient(port: scraped.port) }
      for byte in "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: " {
        for client in clients { client.send(String(byte)) }
        usleep(5000)
      }
    }
  }

  @Test func `1,009 connections that say nothing`() async throws {
    try await withstand { scraped in
      let clients = try (0..<1009).map { _ in try WebClient(port: scraped.port) }
      let page = try scraped.page()
      #expect(page.contains("\nclosewatch_web_connections "))
      withExtendedLifetime(clients) {}
    }
  }

  @Test func `headers of megabytes`() async throws {
    try await withstand { scraped in
      let header = "X-Huge: " + String(repeating: "a", count: 1 << 20) + "\r\n"
      for _ in 0..<7 {
        let client = try WebClient(port: scraped.port)
        client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + header)
        let answer = client.answer(within: 30)
        #expect(answer == nil || answer?.status == 431 || answer?.status == 400)
      }
    }
  }

  @Test func `bytes that are no HTTP`() async throws {
    try await withstand { scraped in
      var random = SystemRandomNumberGenerator()
      for _ in 0..<101 {
        let client = try WebClient(port: scraped.port)
        let count = Int.random(in: 1...2048, using: &random)
        client.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        client.send("\r\n\r\n")
      }
    }
  }

  @Test func `a thousand requests at once on each of ten connections`() async throws {
    try await withstand { scraped in
      let requests = String(
        repeating: "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 1009)
      let clients = try (0..<10).map { _ in try WebClient(port: scraped.port) }
      for client in clients { _ = client.sendWithoutWaiting(requests) }
      for client in clients { #expect(client.answer()?.status == 200) }
    }
  }

  @Test func `scrapers that go away in the middle`() async throws {
    try await withstand { scraped in
      for round in 0..<211 {
        let client = try WebClient(port: scraped.port)
        if round % 2 == 0 { client.abortOnClose() }
        client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n")
        if round % 3 == 0 { usleep(2000) }
      }
    }
  }

  @Test func `100 scrapers at once`() async throws {
    try await withstand { scraped in
      let port = scraped.port
      let answers = await withTaskGroup(of: Int.self) { group in
        for _ in 0..<100 {
          group.addTask {
            guard let client = try? WebClient(port: port) else { return 0 }
            client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return client.answer(within: 60)?.status ?? 0
          }
        }
        return await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(answers == [Int](repeating: 200, count: 100))
    }
  }
}
