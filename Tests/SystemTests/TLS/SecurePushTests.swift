// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The packaged daemon pushes over https.
@Suite(.serialized, .requires(.debianPackage, .collector, .command("openssl")))
struct SecurePushTests {
  private func daemon(_ url: String, authorities: String) throws -> RunningDaemon {
    try RunningDaemon(
      settings: [
        "sampling.interval=1h", "sampling.full-interval=1h", "otlp.endpoint=\(url)",
        "otlp.ca-file=\(authorities)", "otlp.interval=1s",
      ], path: BuiltPackage.program)
  }

  /// A collector with one of the certificates.
  private func collector(
    _ certificates: Certificates, _ name: String = "server"
  ) throws -> Collector {
    let both = certificates.path("both.pem")
    let script = "cd \"$0\" && cat \(name).pem \(name).key >both.pem"
    let run = try ChildProgram.run("sh", ["-c", script, certificates.directory.path])
    try #require(run.status == 0)
    return try Collector(["200"], options: ["--certificate", both])
  }

  @Test func `a collector whose certificate is signed by whom it trusts gets them`() throws {
    let certificates = try Certificates()
    let collector = try collector(certificates)
    let daemon = try daemon(
      "https://127.0.0.1:\(collector.port)", authorities: certificates.path("ca.pem"))
    try daemon.waitFor("watching", seconds: 120)
    let request = try collector.request()
    #expect(request.metrics.count > 50)
    #expect(request.headers["host"] == "127.0.0.1:\(collector.port)")
    #expect(daemon.stop().status == 0)
  }

  /// The library also takes a certificate for the address that was connected to.
  @Test(arguments: [("127.0.0.1", "server", "other.pem"), ("localhost", "elsewhere", "ca.pem")])
  func `one of another authority, or with another name, gets nothing`(
    _ host: String, _ name: String, _ authorities: String
  ) throws {
    let certificates = try Certificates()
    try certificates.issue("elsewhere", by: "ca", serial: 1004, for: "DNS:collector.example")
    let collector = try collector(certificates, name)
    let daemon = try daemon(
      "https://\(host):\(collector.port)", authorities: certificates.path(authorities))
    try daemon.waitFor("watching", seconds: 120)
    try daemon.hasSaid(
      "cannot push metrics to https://\(host):\(collector.port)", "TLS failed")
    #expect(throws: (any Error).self) { try collector.request(within: 3) }
    #expect(daemon.stop().status == 0)
  }

  @Test func `one that speaks http is told apart`() throws {
    let certificates = try Certificates()
    let collector = try Collector(["200"])
    let daemon = try daemon(
      "https://127.0.0.1:\(collector.port)", authorities: certificates.path("ca.pem"))
    try daemon.waitFor("watching", seconds: 120)
    try daemon.hasSaid("cannot push metrics", "TLS failed")
    #expect(daemon.stop().status == 0)
  }

  @Test func `a file that has no certificates is a mistake of the settings`() throws {
    let directory = TemporaryDirectory()
    directory.write("none.pem", Array("nothing\n".utf8))
    let daemon = try daemon("https://127.0.0.1:4318", authorities: "\(directory.path)/none.pem")
    try daemon.waitFor("otlp.ca-file: \(directory.path)/none.pem: not usable for TLS")
    #expect(daemon.program.end() == 2)
  }
}
