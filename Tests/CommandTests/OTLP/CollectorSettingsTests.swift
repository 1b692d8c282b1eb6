// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Settings
@testable import closewatchd

/// Where metrics are pushed to: what is taken, and what is told of what is not.
@Suite struct CollectorSettingsTests {
  @Test(arguments: [
    ("http://127.0.0.1:4318", "127.0.0.1:4318", "/v1/metrics"),
    ("http://collector", "collector:80", "/v1/metrics"),
    ("HTTPS://otel.example.com", "otel.example.com:443", "/v1/metrics"),
    ("http://[2001:db8::1]:4318/", "[2001:db8::1]:4318", "/v1/metrics"),
    ("http://[::1]", "[::1]:80", "/v1/metrics"),
    ("http://c:4318/otlp/", "c:4318", "/otlp/v1/metrics"),
    ("http://c:4318/otlp/v1/metrics", "c:4318", "/otlp/v1/metrics"),
  ])
  func `a URL says where`(_ text: String, _ authority: String, _ path: String) throws {
    let url = try #require(CollectorURL(text))
    #expect(url.authority == authority)
    #expect(url.path == path)
    #expect(url.description == text)
    #expect(url.isSecure == text.hasPrefix("HTTPS"))
  }

  @Test(arguments: [
    "collector:4318", "4318", "ftp://c", "http:/c", "http://", "http://:4318", "http://c:0",
    "http://c:65536", "http://c:x", "http://u:p@c:4318", "http://c/?a=b", "http://c/#a",
    "http://c d", "http://[::1", "http://[x]:1", "http://::1:4318", "http://c\r\nX: y",
    "http://a\\b", "http://c:+1", "grpc://c:4317",
  ])
  func `what is no such URL is refused`(_ text: String) { #expect(CollectorURL(text) == nil) }

  @Test func `a file of headers has one in each line`() throws {
    let text = "# a comment\n\nAuthorization: Bearer a:b c \r\n\tX-Scope-OrgID:ops\nEmpty:\n"
    let headers = try HeaderLines(Array(text.utf8)).headers
    #expect(headers.map(\.name) == ["Authorization", "X-Scope-OrgID", "Empty"])
    #expect(headers.map(\.value) == ["Bearer a:b c", "ops", ""])
  }

  @Test(
    arguments: [
      ("a: b\nno colon\n", 2, "expected 'Name: value', found no colon"),
      (": b", 1, "expected a name of letters, digits and '-' before the colon"),
      ("a b: c", 1, "expected a name of letters, digits and '-' before the colon"),
      ("a: b\u{0}c", 1, "the value has a character that a header may not have"),
      ("a: é", 1, "the value has a character that a header may not have"),
      ("content-LENGTH: 1", 1, "closewatch writes content-LENGTH itself"),
      ("host: x", 1, "closewatch writes host itself"),
    ] as [(String, Int, String)])
  func `a mistake has its line and not what is in it`(
    _ text: String, _ line: Int, _ problem: String
  ) {
    #expect(throws: HeaderLines.Mistake(line: line, problem: problem)) {
      try HeaderLines(Array(text.utf8))
    }
  }

  @Test func `there are no more headers than a request should have`() throws {
    func headers(_ count: Int) throws(HeaderLines.Mistake) -> Int {
      let text = String(repeating: "a: b\n", count: count)
      return try HeaderLines(Array(text.utf8)).headers.count
    }
    #expect(try headers(64) == 64)
    #expect(throws: HeaderLines.Mistake(problem: "more than 64 headers")) { try headers(65) }
    #expect(throws: HeaderLines.Mistake(problem: "larger than 16384 bytes")) { try headers(9999) }
  }

  private func problems(_ flags: String...) -> [String] {
    do throws(SettingsErrors) {
      _ = try SettingsReader.read(path: nil, flags: flags)
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  @Test func `a file that is named has to be there, and right`() {
    let directory = TemporaryDirectory()
    let (missing, wrong) = ("\(directory.path)/missing", "\(directory.path)/wrong")
    directory.write("wrong", Array("s3cr3t\n".utf8))
    let endpoint = "otlp.endpoint=http://127.0.0.1:4318"
    #expect(
      problems(endpoint, "otlp.headers-file=\(missing)") == [
        "--set otlp.headers-file=\(missing): otlp.headers-file: \(missing): open: No such file or "
          + "directory (ENOENT)"
      ])
    #expect(
      problems(endpoint, "otlp.headers-file=\(wrong)") == [
        "--set otlp.headers-file=\(wrong): otlp.headers-file: \(wrong):1: expected 'Name: value', "
          + "found no colon"
      ])
    // Off: it is not read.
    #expect(problems("otlp.headers-file=\(missing)") == [])
    #expect(
      problems("otlp.headers-file=headers") == [
        "--set otlp.headers-file=headers: otlp.headers-file: expected the whole path of a file, "
          + "found 'headers'"
      ])
  }

  @Test func `https needs a build with TLS`() {
    let set = "otlp.endpoint=https://collector.example:4318"
    #expect(
      problems(set)
        == (CollectorTLS.isBuilt
          ? []
          : [
            "--set \(set): otlp.endpoint: this closewatch was built without TLS and cannot push "
              + "over https; use the package, or build it with --traits TLS"
          ]))
  }
}
