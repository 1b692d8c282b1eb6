// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import LinuxHost
import Synchronization
import TestSupport
import Testing

@testable import closewatchd

/// `--web.config.file`: who may see the pages.
@Suite struct WebConfigTests {
  /// bcrypt of "correct horse" at cost 5, as libcrypt writes it.
  private static let tail = "$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"

  /// "prometheus:correct horse", and the same user with another password.
  private static let right = "Authorization: Basic cHJvbWV0aGV1czpjb3JyZWN0IGhvcnNl\r\n"
  private static let wrong = "Authorization: Basic cHJvbWV0aGV1czpjb3JyZWN0IGhvcnNm\r\n"
  private static let stranger = "Authorization: Basic c3RyYW5nZXI6Y29ycmVjdCBob3JzZQ==\r\n"

  @Test(arguments: ["$2a", "$2b", "$2y"])
  func `libcrypt checks bcrypt hashes of every common prefix`(_ prefix: String) {
    #expect(PasswordHash.isBcrypt(prefix + Self.tail))
    #expect(PasswordHash.matches("correct horse", prefix + Self.tail))
    #expect(!PasswordHash.matches("correct horsf", prefix + Self.tail))
    #expect(!PasswordHash.matches("correct horse\u{0}", prefix + Self.tail))
    #expect(!PasswordHash.matches("", prefix + Self.tail))
  }

  @Test(arguments: ["secret", "", "$1$salt$x", "$2y$05$short", "$2y$99" + tail.dropFirst(3)])
  func `what is no bcrypt hash is not taken for one`(_ text: String) {
    #expect(!PasswordHash.isBcrypt(text))
  }

  private func directory(_ config: String) -> TemporaryDirectory {
    let directory = TemporaryDirectory()
    directory.write("web.yml", Array(config.utf8))
    return directory
  }

  private static var users: String { "basic_auth_users:\n  prometheus: $2y\(tail)\n" }

  @Test func `the right password is let in, everything else is not`() throws {
    let directory = directory(Self.users)
    let server = try RunningServer(config: "\(directory.path)/web.yml")
    for path in ["/", "/metrics", "/-/healthy", "/none"] {
      let refused = try #require(try server.get(path))
      #expect(refused.status == 401)
      #expect(refused.headers["www-authenticate"]?.hasPrefix("Basic realm=") == true)
      #expect(!refused.text.contains("closewatch_"))
    }
    // Twice: proved, then known again.
    for _ in 0..<2 { #expect(try server.get("/metrics", Self.right)?.status == 200) }
    for headers in [
      Self.wrong, Self.stranger, "Authorization: Bearer x\r\n", "Authorization: Basic !!!!\r\n",
      "Authorization: Basic\r\n", Self.right + Self.right,
    ] {
      #expect(try server.get("/metrics", headers)?.status == 401, "\(headers)")
    }
    try server.stop()
  }

  @Test func `a password that was proved is known again quickly, and no other is`() {
    let auth = BasicAuth(hashes: ["a": "$2y" + Self.tail])
    let right = BasicAuth.Credentials(user: "a", password: "correct horse")
    #expect(!auth.isKnown(right))
    #expect(auth.verify(right))
    #expect(auth.isKnown(right))
    #expect(!auth.isKnown(BasicAuth.Credentials(user: "a", password: "correct horsf")))
    #expect(!auth.isKnown(BasicAuth.Credentials(user: "b", password: "correct horse")))
    #expect(!auth.verify(BasicAuth.Credentials(user: "b", password: "correct horse")))
  }

  @Test func `the file is read again when it changes, and a bad one changes nothing`() throws {
    let directory = directory("")
    let server = try RunningServer(config: "\(directory.path)/web.yml")
    #expect(try server.get("/metrics")?.status == 200)
    directory.write("web.yml", Array(Self.users.utf8))
    #expect(try server.get("/metrics")?.status == 401)
    #expect(try server.get("/metrics", Self.right)?.status == 200)
    directory.write("web.yml", Array("basic_auth_user:\n".utf8))
    #expect(try server.get("/metrics")?.status == 401)
    let page = try #require(try server.get("/metrics", Self.right))
    #expect(page.text.contains("\nclosewatch_web_config_last_read_successful 0\n"))
    directory.write(
      "web.yml", Array("http_server_config:\n  headers:\n    X-Frame-Options: deny\n".utf8))
    let open = try #require(try server.get("/metrics"))
    #expect(open.status == 200)
    #expect(open.headers["x-frame-options"] == "deny")
    #expect(open.text.contains("\nclosewatch_web_config_last_read_successful 1\n"))
    try server.stop()
  }

  @Test func `what is written while the file is read is read the next time`() throws {
    let directory = directory("")
    let later = Mutex(["", Self.users])
    let source = try WebConfigSource(
      path: "\(directory.path)/web.yml", logger: RunningServer.silent
    ) { path throws(SettingsErrors) in
      let config = try WebConfigReader.read(path: path)
      if let next = later.withLock({ $0.popLast() }), let file = fopen(path, "w") {
        fputs(next, file)
        fclose(file)
      }
      return config
    }
    #expect(source.current.auth != nil)
    #expect(source.current.auth == nil)
  }

  @Test(arguments: [
    (
      "basic_auth_user:\n",
      "web.yml:1:1: unknown key 'basic_auth_user'; did you mean 'basic_auth_users'?"
    ),
    (
      "basic_auth_users:\n  a: plain\n",
      "web.yml:2:6: basic_auth_users: the value of 'a' must be a bcrypt hash ($2y$...), as "
        + "`htpasswd -nB` writes it"
    ),
    (
      "rate_limit:\n  interval: 1s\n",
      "web.yml:1:1: rate_limit: burst is needed too; without it no request is answered"
    ),
    (
      "rate_limit: {interval: 1s, burst: 0}\n",
      "web.yml:1:35: rate_limit: burst: expected a number of requests from 1 to 1000000, found '0'"
    ),
    (
      "rate_limit: {interval: soon, burst: 5}\n",
      "web.yml:1:24: rate_limit: interval: expected a time such as 1s or 100ms, found 'soon'"
    ),
    (
      "http_server_config:\n  http2: perhaps\n",
      "web.yml:2:10: http_server_config: http2: expected true or false, found 'perhaps'"
    ),
    (
      "http_server_config:\n  headers:\n    X-Frame-Options: allow\n",
      "web.yml:3:22: headers: X-Frame-Options: expected deny or sameorigin, found 'allow'"
    ),
    ("basic_auth_users: []\n", "web.yml:1:19: basic_auth_users: expected a map, found a list"),
  ])
  func `a mistake is told with its place and what to do`(_ text: String, _ error: String) {
    #expect(Self.problems(text) == [error])
  }

  @Test func `http2 is accepted, and said once to be served as HTTP 1 1`() throws {
    func remarks(_ value: String) throws -> [String] {
      let text = "http_server_config: {http2: \(value)}\n"
      return try WebConfigReader.read(Array(text.utf8), file: "web.yml").remarks
    }
    #expect(try remarks("false") == [])
    #expect(
      try remarks("true") == [
        "web.yml:1:22: http_server_config: http2: true, but HTTP/1.1 is served"
      ])
  }

  @Test func `a header that is blank is not set`() throws {
    let text = "http_server_config: {headers: {X-Frame-Options: , X-XSS-Protection: '0'}}\n"
    let config = try WebConfigReader.read(Array(text.utf8), file: "web.yml")
    #expect(config.headers.map(\.0) == ["X-XSS-Protection"])
  }

  @Test(arguments: [
    ("1s", 1.0), ("100ms", 0.1), ("1m30s", 90), ("1000000", 0.001), ("5us", 0.000_005),
  ])
  func `the interval of a rate limit is read as Go writes it`(_ text: String, _ seconds: Double)
    throws
  {
    let text = "rate_limit: {interval: \(text), burst: 20}\n"
    let limit = try WebConfigReader.read(Array(text.utf8), file: "web.yml").rateLimit
    #expect(limit == RateLimit(intervalSeconds: seconds, burst: 20))
  }

  @Test func `an interval of 0 is no rate limit`() throws {
    let text = "rate_limit: {interval: 0s}\n"
    #expect(try WebConfigReader.read(Array(text.utf8), file: "web.yml").rateLimit == nil)
  }

  @Test func `a rate limit lets a burst through, then one each interval`() {
    let limiter = RateLimiter(RateLimit(intervalSeconds: 2, burst: 3), now: 100)
    #expect((0..<5).map { _ in limiter.admit(now: 100) } == [true, true, true, false, false])
    #expect(!limiter.admit(now: 101.9))
    #expect(limiter.admit(now: 102))
    #expect(!limiter.admit(now: 102.5))
    // It never holds more than the burst, and a clock that stands still fills nothing.
    #expect((0..<5).count { _ in limiter.admit(now: 1000) } == 3)
    #expect(!limiter.admit(now: 900))
  }

  @Test func `more requests than the limit are told to wait`() throws {
    let directory = directory("rate_limit: {interval: 1h, burst: 2}\n")
    let server = try RunningServer(config: "\(directory.path)/web.yml")
    #expect(try server.get("/metrics")?.status == 200)
    #expect(try server.get("/-/healthy")?.status == 200)
    let refused = try #require(try server.get("/metrics"))
    #expect(refused.status == 429)
    #expect(refused.headers["retry-after"] == "3600")
    try server.stop()
  }

  @Test func `a limit that stays the same goes on to count when the file is read again`() throws {
    let limit = "rate_limit: {interval: 1h, burst: 2}\n"
    let directory = directory(limit)
    let server = try RunningServer(config: "\(directory.path)/web.yml")
    #expect(try server.get("/metrics")?.status == 200)
    directory.write("web.yml", Array((limit + "http_server_config: {http2: false}\n").utf8))
    #expect(try server.get("/metrics")?.status == 200)
    #expect(try server.get("/metrics")?.status == 429)
    directory.write("web.yml", Array("rate_limit: {interval: 1h, burst: 3}\n".utf8))
    #expect(try server.get("/metrics")?.status == 200)
    try server.stop()
  }

  @Test func `a burst that is missing is told beside another mistake`() {
    let text = "basic_auth_user: {}\nrate_limit: {interval: 1s}\n"
    #expect(Self.problems(text).count == 2)
    #expect(Self.problems(text).last?.contains("burst is needed too") == true)
  }

  private static func problems(_ text: String) -> [String] {
    do throws(SettingsErrors) {
      _ = try WebConfigReader.read(Array(text.utf8), file: "web.yml")
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  #if !TLS
    @Test func `without TLS a tls_server_config is refused in one clear line`() {
      let text = "tls_server_config:\n  cert_file: a\n  key_file: b\n"
      #expect(
        Self.problems(text) == [
          "web.yml:1:1: tls_server_config: this closewatch was built without TLS; use the package, "
            + "or build it with --traits TLS"
        ])
    }
  #endif

  @Test(arguments: [
    ("127.0.0.1:9776", ListenAddress.tcp(host: "127.0.0.1", port: 9776)),
    ("[::1]:1", .tcp(host: "::1", port: 1)), (":9776", .tcp(host: "", port: 9776)),
    ("unix:/run/x", .unix(path: "/run/x", mode: 0o660)),
    ("unix:/run/x?mode=0600", .unix(path: "/run/x", mode: 0o600)),
  ])
  func `a listen address is read`(_ text: String, _ address: ListenAddress) throws {
    #expect(try ListenAddress(text) == address)
  }

  @Test(arguments: [
    "", "localhost", "::1:9776", "a:99999", "a:x", "unix:x", "unix:/x?mode=9", "unix:/x?mode=1777",
  ])
  func `a bad listen address is refused`(_ text: String) {
    #expect(throws: UsageError.self) { try ListenAddress(text) }
  }

  @Test func `dates are those of RFC 9110`() {
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
    #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
  }
}
