// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import LinuxHost
import Reporting
import TestSupport
import Testing

@testable import closewatchd

/// What the pages are, over real sockets.
@Suite struct WebServerTests {
  @Test func `metrics are in the text format unless the client prefers OpenMetrics`() throws {
    let server = try RunningServer()
    let text = try #require(try server.get("/metrics"))
    #expect(text.status == 200)
    #expect(text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    #expect(text.text.contains("\nclosewatch_samples_total{kind=\"full\"} 0\n"))
    #expect(!text.text.contains("# EOF"))
    // What Prometheus 2.42 sends.
    let accept =
      "Accept: application/openmetrics-text;version=1.0.0,"
      + "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    let open = try #require(try server.get("/metrics", accept + "\r\n"))
    let type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    #expect(open.headers["content-type"] == type)
    #expect(open.text.hasSuffix("# EOF\n"))
    try server.stop()
  }

  @Test(arguments: [
    ("/", "closewatch"), ("/-/healthy", "alive"), ("/-/ready", "ready"),
    ("/metrics?x=1", "closewatch_build_info"),
  ])
  func `a page is there`(_ path: String, _ words: String) throws {
    let server = try RunningServer()
    let answer = try #require(try server.get(path))
    #expect(answer.status == 200)
    #expect(answer.text.contains(words))
    #expect(answer.headers["x-content-type-options"] == "nosniff")
    try server.stop()
  }

  @Test func `before the first look it is healthy and not ready`() throws {
    let server = try RunningServer()
    server.store.update { $0.newestSample = nil }
    #expect(try server.get("/-/healthy")?.status == 200)
    #expect(try server.get("/-/ready")?.status == 503)
    try server.stop()
  }

  @Test func `when no look ends it is not healthy, in one line, until one does`() throws {
    let server = try RunningServer(
      life: SignOfLife(boundSeconds: 60, at: Clock.monotonicSeconds - 75))
    let stuck = try #require(try server.get("/-/healthy"))
    #expect(stuck.status == 503)
    #expect(
      stuck.text == "closewatch is stuck: no look has finished for 75 s; the limit is 60 s.\n")
    // What it knows it still serves: the time of the newest look tells how old that is.
    for path in ["/", "/metrics", "/-/ready"] { #expect(try server.get(path)?.status == 200) }
    server.life.give()
    #expect(try server.get("/-/healthy")?.status == 200)
    try server.stop()
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
  func `no method but GET and HEAD is allowed`(_ method: String) throws {
    let server = try RunningServer()
    let answer = try #require(try server.get("/metrics", method: method))
    #expect(answer.status == 405)
    #expect(answer.headers["allow"] == "GET, HEAD")
    try server.stop()
  }

  @Test func `what is not there is 404`() throws {
    let server = try RunningServer()
    for path in ["/metric", "/metrics/", "//metrics", "/..", "/-/reload", "*"] {
      #expect(try server.get(path)?.status == 404, "\(path)")
    }
    try server.stop()
  }

  @Test func `HEAD has the headers of GET and no body, and the connection goes on`() throws {
    let server = try RunningServer()
    let client = try server.client()
    client.send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n")
    let head = try #require(client.answer(isHead: true))
    #expect(head.status == 200)
    #expect((Int(head.headers["content-length"] ?? "") ?? 0) > 1000)
    #expect(head.headers["content-encoding"] == nil)
    client.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(client.answer()?.text == "closewatch is alive.\n")
    try server.stop()
  }

  @Test(.requires(.command("curl"))) func `gzip is what curl can undo`() throws {
    let server = try RunningServer(owners: 50)
    let packed = try #require(try server.get("/metrics", "Accept-Encoding: gzip\r\n"))
    #expect(packed.headers["content-encoding"] == "gzip")
    #expect(packed.body.starts(with: [0x1f, 0x8b]))
    let plain = try #require(try server.get("/metrics"))
    #expect(packed.body.count * 3 < plain.body.count)
    let url = "http://127.0.0.1:\(server.port)/metrics"
    let unpacked = try #require(try Curl.run("-H", "Accept-Encoding: gzip", "--compressed", url))
    #expect(unpacked.contains("closewatch_owners_folded 30"))
    try server.stop()
  }

  @Test func `HTTP/1.0 is answered once and closed, also with keep-alive`() throws {
    let server = try RunningServer()
    let client = try server.client()
    client.send(
      "GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\n\r\n")
    let answer = try #require(client.answer())
    #expect(answer.status == 200)
    #expect(answer.headers["connection"] == "close")
    #expect(answer.headers["transfer-encoding"] == nil)
    #expect(try #require(client.secondsUntilClosed()) < 40)
    try server.stop()
  }

  private static let chunkedWithLength =
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    + "0\r\n\r\n"

  private static let badRequests: [(String, Int)] = [
    ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("\u{16}\u{3}\u{1}\r\n\r\n", 400), ("GET\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost x\r\n\r\n", 400),
    (chunkedWithLength, 400),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
    ("GET / HTTP/7.3\r\nHost: localhost\r\n\r\n", 505),
  ]

  @Test(arguments: badRequests)
  func `what is no good request is refused and the connection closed`(
    _ request: String, _ status: Int
  ) throws {
    let server = try RunningServer()
    let client = try server.client()
    client.send(request)
    #expect(client.answer()?.status == status, "\(request)")
    #expect(try #require(client.secondsUntilClosed()) < 40)
    #expect(try server.get("/-/healthy")?.status == 200)
    try server.stop()
  }

  @Test func `headers past their bounds are 431, a body past its bound 413`() throws {
    let server = try RunningServer()
    let long = try server.client()
    long.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "a", count: 9000))
    #expect(long.answer()?.status == 431)
    let many = try server.client()
    let lines = (0..<70).map { "X\($0): a\r\n" }.joined()
    many.send("GET / HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n")
    #expect(many.answer()?.status == 431)
    let large = try server.client()
    large.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n")
    large.send([UInt8](repeating: 120, count: 70_000))
    #expect(large.answer()?.status == 413)
    #expect(try server.get("/-/healthy")?.status == 200)
    try server.stop()
  }

  @Test func `pipelined requests are answered in their order`() throws {
    let server = try RunningServer()
    let client = try server.client()
    let paths = (0..<23).map { $0 % 2 == 0 ? "/-/healthy" : "/none" }
    client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined())
    for path in paths {
      #expect(client.answer()?.status == (path == "/none" ? 404 : 200))
    }
    try server.stop()
  }

  @Test(.requires(.command("promtool")))
  func `promtool finds nothing wrong with the page`() throws {
    let server = try RunningServer(owners: 50)
    let page = try #require(try server.get("/metrics")).body
    try server.stop()
    let directory = TemporaryDirectory()
    directory.write("page", page)
    let program = try ChildProgram(
      "sh", ["-c", "promtool check metrics <\"$0\" 2>&1", "\(directory.path)/page"])
    var lines: [String] = []
    while let line = try program.readLine() { lines.append(line) }
    #expect(lines == [])
    #expect(program.end() == 0)
  }

  @Test(.requires(.command("curl")))
  func `it listens on IPv6 and on a unix socket with the mode that was asked for`() throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/web.sock"
    let server = try RunningServer(addresses: [
      .tcp(host: "::1", port: 0), .unix(path: path, mode: 0o620),
    ])
    #expect(try Curl.run("http://[::1]:\(server.port)/-/healthy") == "closewatch is alive.")
    #expect(try Curl.run("--unix-socket", path, "http://x/-/healthy") == "closewatch is alive.")
    var info = stat()
    #expect(stat(path, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o620)
    #expect(throws: UsageError.self) {
      try RunningServer(addresses: [.unix(path: path, mode: 0o620)])
    }
    try server.stop()
    #expect(stat(path, &info) != 0)
  }
}
