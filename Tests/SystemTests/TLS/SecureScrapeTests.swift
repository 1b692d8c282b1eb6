// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A real Prometheus with the scrape configuration that is shipped for TLS and a password.
@Suite(
  .serialized,
  .requires(
    .debianPackage, .root, .networkNamespaces, .mountNamespaces, .pidNamespaces, .command("curl"),
    .command("openssl"), .command("prometheus"), .command("unshare")))
struct SecureScrapeTests {
  private let files: Certificates
  private let host: FleetHost

  init() throws {
    files = try Certificates()
    host = try FleetHost("secure")
  }

  /// The password is `open-sesame`: bcrypt, of low cost.
  private static let web = """
    tls_server_config:
      cert_file: server.pem
      key_file: server.key
      client_auth_type: RequireAndVerifyClientCert
      client_ca_file: ca.pem
    basic_auth_users:
      prometheus: '$2y$08$abcdefghijklmnopqrstuuxtqXMj0ezeGztE9iENg7O4lq6Wb2jUS'

    """

  @Test
  func `Prometheus scrapes with certificate and password, and with one of them wrong it can't`()
    throws
  {
    try startDaemon()
    let shipped = try self.shipped()
    let start = try #require(shipped.firstRange(of: "  - job_name: closewatch")).lowerBound
    let job = String(shipped[start...])
    func changed(_ name: String, _ part: String, to other: String) throws -> String {
      #expect(job.contains(part), "\(part)")
      return job.replacing("job_name: closewatch", with: "job_name: \(name)")
        .replacing(part, with: other)
    }
    files.directory.write("wrong.password", Array("open-sesam\n".utf8))
    try startPrometheus(
      shipped
        + changed("wrong-password", "closewatch.password", to: "wrong.password")
        + changed("stranger", "closewatch-client.", to: "stranger.")
        + changed("no-authority", "      ca_file: \(files.path("closewatch-ca.pem"))\n", to: "")
        + changed("plain", "scheme: https", to: "scheme: http"))
    let found = try waitFor("an answer to every job") {
      try targets()
    } until: { found in
      ["closewatch", "wrong-password", "stranger", "no-authority", "plain"].allSatisfy {
        found[$0].map { $0.health != "unknown" } ?? false
      }
    }
    #expect(found["closewatch"]?.health == "up", "\(found)")
    for (job, error) in [
      ("wrong-password", "401 Unauthorized"), ("stranger", "tls: "),
      ("no-authority", "certificate signed by unknown authority"), ("plain", ""),
    ] {
      let target = try #require(found[job])
      #expect(target.health == "down", "\(job)")
      #expect(target.lastError.contains(error), "\(target)")
    }
    // What came over is the page.
    for (expression, least) in [
      ("closewatch_build_info{job=\"closewatch\"}", 1.0),
      ("scrape_samples_scraped{job=\"closewatch\"}", 100),
      ("min_over_time(up{job=\"closewatch\"}[1m])", 1),
      ("sum(closewatch_sockets{job=\"closewatch\",state=\"listen\"})", 1),
    ] {
      let series = try query(expression)
      #expect(series.count == 1, "\(expression)")
      #expect(series.first.map { $0 >= least } == true, "\(expression): \(series)")
    }
    #expect(try query("count(closewatch_build_info)") == [1])
  }

  private func startDaemon() throws {
    files.directory.write("web.yaml", Array(Self.web.utf8))
    let log = files.path("daemon.log")
    try host.run(
      "\(BuiltPackage.program) daemon --set sampling.interval=500ms --control-socket none "
        + "--web.listen-address 127.0.0.1:9776 --web.config.file \(files.path("web.yaml")) "
        + ">\(log) 2>&1 &")
    _ = try waitFor("the daemon") {
      try host.run("cat \(log)")
    } until: { lines in
      lines.contains { $0.contains("watching") }
    }
  }

  /// The shipped file, with the reader's part done: certificates, the password and the hosts are
  /// where this host has them, and its times are short.
  private func shipped() throws -> String {
    let bytes = try #require(readBytes("\(Fleet.deploy)/prometheus/prometheus-tls.yml"))
    var text = Fleet.hurried(String(decoding: bytes, as: UTF8.self))
    for (name, source) in [
      ("closewatch-ca.pem", "ca.pem"), ("closewatch-client.pem", "client.pem"),
      ("closewatch-client.key", "client.key"),
    ] {
      files.directory.write(name, try #require(readBytes(files.path(source))))
    }
    files.directory.write("closewatch.password", Array("open-sesame\n".utf8))
    text = text.replacing("/etc/prometheus/", with: files.directory.path + "/")
      .replacing("# cert_file:", with: "cert_file:").replacing("# key_file:", with: "key_file:")
    let discovery = try #require(text.firstRange(of: "    dns_sd_configs:"))
    return text[..<discovery.lowerBound]
      + "    static_configs:\n      - targets: [\"127.0.0.1:9776\"]\n"
  }

  private func startPrometheus(_ config: String) throws {
    files.directory.write("prometheus.yml", Array(config.utf8))
    let rules = try #require(readBytes("\(Fleet.deploy)/prometheus/closewatch.rules.yml"))
    files.directory.write("closewatch.rules.yml", rules)
    try host.run(
      "prometheus --config.file=\(files.path("prometheus.yml")) "
        + "--storage.tsdb.path=\(files.path("data")) --web.listen-address=127.0.0.1:9090 "
        + ">\(files.path("prometheus.log")) 2>&1 &")
    _ = try waitFor("Prometheus") {
      try host.run(
        "curl -s --max-time 5 -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:9090/-/ready; "
          + "tail -1 \(files.path("prometheus.log"))")
    } until: {
      $0.first == "200"
    }
  }

  private func targets() throws -> PrometheusTargets {
    let lines = try host.run("curl -s --max-time 20 http://127.0.0.1:9090/api/v1/targets; echo")
    return try PrometheusTargets(lines.joined())
  }

  private func query(_ expression: String) throws -> [Double] {
    files.directory.write("query", Array(expression.utf8))
    let lines = try host.run(
      "curl -s --max-time 20 --data-urlencode query@\(files.path("query")) "
        + "http://127.0.0.1:9090/api/v1/query; echo")
    return try PrometheusAnswer(lines.joined()).series.map(\.value)
  }
}
