// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// HTTPS, client certificates and passwords of the packaged daemon, asked with curl.
@Suite(.serialized, .requires(.debianPackage, .command("curl"), .command("openssl")))
struct TLSTests {
  private let files: Certificates
  private var trust: [String] { ["--cacert", files.path("ca.pem")] }

  init() throws { files = try Certificates() }

  private static let server = "tls_server_config: {cert_file: server.pem, key_file: server.key"

  private func certificate(_ name: String) -> [String] {
    ["--cert", files.path("\(name).pem"), "--key", files.path("\(name).key")]
  }

  private func ends(_ secure: SecureDaemon) { #expect(secure.daemon.stop().status == 0) }

  @Test func `with a certificate it speaks HTTPS and nothing else`() throws {
    let secure = try SecureDaemon(files, config: "\(Self.server)}\n")
    #expect(try secure.ask(trust) == .init(exit: 0, status: "200", words: ""))
    // The authority that signed it is asked for: without it, curl does not believe.
    #expect(try secure.ask([]).exit == 60)
    let plain = try secure.ask([], scheme: "http")
    #expect(plain.exit != 0)
    #expect(plain.status == "000")
    ends(secure)
  }

  @Test func `TLS 1.2 is the least, and TLS 1.3 where the settings say so`() throws {
    // A client that would do with less: Debian's own least is 1.2.
    let lax = trust + ["--ciphers", "DEFAULT@SECLEVEL=0"]
    let usual = try SecureDaemon(files, config: "\(Self.server)}\n")
    let old = try usual.ask(lax + ["--tlsv1.0", "--tls-max", "1.1"])
    #expect(old.exit == 35)
    #expect(old.words.contains("protocol version"), "\(old.words)")
    #expect(try usual.ask(lax + ["--tls-max", "1.2"]).status == "200")
    ends(usual)
    let strict = try SecureDaemon(files, config: "\(Self.server), min_version: TLS13}\n")
    let refused = try strict.ask(lax + ["--tls-max", "1.2"])
    #expect(refused.exit == 35)
    #expect(refused.words.contains("protocol version"), "\(refused.words)")
    #expect(try strict.ask(lax + ["--tlsv1.3"]).status == "200")
    ends(strict)
  }

  @Test func `where a client certificate is required, its authority's come in and nobody else`()
    throws
  {
    let secure = try SecureDaemon(
      files,
      config: """
        \(Self.server), client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}

        """)
    #expect(try secure.ask(trust + certificate("client")).status == "200")
    for others in [[], certificate("stranger")] {
      let outcome = try secure.ask(trust + others)
      #expect(outcome.exit != 0, "\(others)")
      #expect(outcome.status == "000", "\(others)")
    }
    // It still serves after having refused.
    #expect(try secure.ask(trust + certificate("client")).status == "200")
    ends(secure)
  }

  @Test func `where one is verified if given, none is fine and a wrong one is not`() throws {
    let secure = try SecureDaemon(
      files,
      config: "\(Self.server), client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}\n"
    )
    #expect(try secure.ask(trust).status == "200")
    #expect(try secure.ask(trust + certificate("client")).status == "200")
    #expect(try secure.ask(trust + certificate("stranger")).status == "000")
    ends(secure)
  }

  private func openssl(_ secure: SecureDaemon, _ words: String) throws -> [String] {
    try ChildProgram.run(
      "sh",
      ["-c", "openssl s_client -connect 127.0.0.1:\(secure.port) \(words) </dev/null 2>&1"]
    ).lines
  }

  @Test func `suites without authenticated encryption are for those who ask for them`() throws {
    let old = trust + ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA"]
    let good = trust + ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]
    let usual = try SecureDaemon(files, config: "\(Self.server)}\n")
    #expect(try usual.ask(old).exit == 35)
    #expect(try usual.ask(good).status == "200")
    ends(usual)
    let chosen = try SecureDaemon(
      files, config: "\(Self.server), cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]}\n")
    #expect(try chosen.ask(old).status == "200")
    #expect(try chosen.ask(good).exit == 35)
    // Those of TLS 1.3 are not chosen.
    #expect(try chosen.ask(trust + ["--tlsv1.3"]).status == "200")
    ends(chosen)
    let only = try SecureDaemon(
      files, config: "\(Self.server), cipher_suites: [TLS_AES_128_GCM_SHA256]}\n")
    #expect(try only.ask(good).exit == 35)
    #expect(try only.ask(trust + ["--tlsv1.3"]).status == "200")
    ends(only)
  }

  @Test func `curves and the greatest version are as the settings say`() throws {
    let secure = try SecureDaemon(
      files, config: "\(Self.server), max_version: TLS12, curve_preferences: [CurveP384]}\n")
    #expect(try secure.ask(trust + ["--tlsv1.3"]).exit == 35)
    let found = try openssl(secure, "-tls1_2 -groups P-256:P-384")
    #expect(found.contains { $0.contains("secp384r1") || $0.contains("P-384") }, "\(found)")
    #expect(try secure.ask(trust + ["--curves", "P-256"]).exit == 35)
    ends(secure)
  }

  @Test func `any certificate is let in where any is asked for, and one is asked for`() throws {
    let any = try SecureDaemon(
      files, config: "\(Self.server), client_auth_type: RequireAnyClientCert}\n")
    #expect(try any.ask(trust).status == "000")
    for name in ["client", "stranger"] {
      #expect(try any.ask(trust + certificate(name)).status == "200", "\(name)")
    }
    ends(any)
    let request = try SecureDaemon(
      files, config: "\(Self.server), client_auth_type: RequestClientCert}\n")
    #expect(try request.ask(trust).status == "200")
    #expect(try request.ask(trust + certificate("stranger")).status == "200")
    let asked = try openssl(request, "-tls1_2")
    #expect(asked.contains { $0.contains("Client Certificate Types") }, "\(asked)")
    ends(request)
  }

  @Test(arguments: ["RequireAnyClientCert", "RequireAndVerifyClientCert"])
  func `only those whose certificate has an allowed name come in`(_ kind: String) throws {
    func daemon(_ names: String) throws -> SecureDaemon {
      try SecureDaemon(
        files,
        config: """
          \(Self.server), client_auth_type: \(kind), client_ca_file: ca.pem,
            client_allowed_sans: [\(names)]}

          """)
    }
    // The certificates of the test are for this address.
    let right = try daemon("scraper.example, 127.0.0.1")
    #expect(try right.ask(trust + certificate("client")).status == "200")
    #expect(try right.ask(trust).status == "000")
    let verifies = kind == "RequireAndVerifyClientCert"
    #expect(
      try right.ask(trust + certificate("stranger")).status == (verifies ? "000" : "200"))
    ends(right)
    let wrong = try daemon("scraper.example, 127.0.0.2")
    for _ in 0..<2 {
      #expect(try wrong.ask(trust + certificate("client")).status == "000")
    }
    ends(wrong)
  }

  @Test func `certificate and key can stand in the settings, and http2 is said to be 1 1`() throws {
    func block(_ file: String) throws -> String {
      String(decoding: try #require(readBytes(files.path(file))), as: UTF8.self)
        .split(separator: "\n").map { "    \($0)\n" }.joined()
    }
    let secure = try SecureDaemon(
      files,
      config: "tls_server_config:\n  cert: |\n\(try block("server.pem"))  key: |\n"
        + "\(try block("server.key"))http_server_config: {http2: true}\n")
    let said = secure.daemon.lines.filter { $0.contains("http2: true, but HTTP/1.1 is served") }
    #expect(said.count == 1, "\(secure.daemon.lines)")
    #expect(try secure.ask(trust + ["--http2"]) == .init(exit: 0, status: "200", words: ""))
    ends(secure)
  }

  /// The password is `open-sesame`: bcrypt, of low cost.
  private static let users =
    "basic_auth_users: {scraper: '$2y$08$abcdefghijklmnopqrstuuxtqXMj0ezeGztE9iENg7O4lq6Wb2jUS'}"

  @Test func `a password is asked for: right in, wrong and none 401`() throws {
    let secure = try SecureDaemon(files, config: Self.users + "\n")
    let right = ["-u", "scraper:open-sesame"]
    #expect(try secure.ask(right, scheme: "http").status == "200")
    #expect(try secure.ask(["-u", "scraper:wrong"], scheme: "http").status == "401")
    #expect(try secure.ask(["-u", "nobody:open-sesame"], scheme: "http").status == "401")
    #expect(try secure.ask([], scheme: "http").status == "401")
    ends(secure)
  }

  @Test func `certificate and password together: both are needed`() throws {
    let secure = try SecureDaemon(
      files,
      config: """
        \(Self.server), client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}
        \(Self.users)

        """)
    let right = ["-u", "scraper:open-sesame"]
    #expect(try secure.ask(trust + certificate("client") + right).status == "200")
    #expect(try secure.ask(trust + certificate("client")).status == "401")
    #expect(try secure.ask(trust + certificate("client") + ["-u", "scraper:no"]).status == "401")
    #expect(try secure.ask(trust + right).status == "000")
    ends(secure)
  }

  @Test func `a renewed certificate is used without a restart, and never half of it`() throws {
    let secure = try SecureDaemon(files, config: "\(Self.server)}\n")
    #expect(try secure.serial() == "serial=03E9")
    try files.issue("renewed", by: "ca", serial: 2002)
    // Certificate and key are two files: in between they do not belong together.
    rename(files.path("renewed.pem"), files.path("server.pem"))
    #expect(try secure.serial() == "serial=03E9")
    #expect(try secure.ask(trust).status == "200")
    try secure.daemon.waitFor("the web settings stay as they were")
    rename(files.path("renewed.key"), files.path("server.key"))
    #expect(try secure.serial() == "serial=07D2")
    #expect(try secure.ask(trust).status == "200")
    ends(secure)
  }

  @Test(arguments: [
    ("tls_server_confg: {}", "1:1: unknown key 'tls_server_confg'"),
    ("tls_server_config:\n  cert_file: server.pem\n  key_fil: server.key\n", "3:3: "),
    ("tls_server_config: {cert_file: server.pem, key_file: gone.key}\n", "gone.key: "),
    ("tls_server_config: {cert_file: server.pem, key_file: client.key}\n", "server.pem: "),
  ])
  func `web settings with a mistake keep it from starting, with the place in one line`(
    _ config: String, _ place: String
  ) throws {
    files.directory.write("web.yaml", Array(config.utf8))
    let run = try ChildProgram.run(
      "sh",
      [
        "-c", "exec timeout 60 \"$0\" daemon --web.config.file \"$1\" 2>&1", BuiltPackage.program,
        files.path("web.yaml"),
      ])
    #expect(run.status == 2)
    #expect(run.lines.count == 1)
    #expect(run.lines.first?.contains(place) ?? false, "\(run.lines)")
    #expect(run.lines.first?.contains(files.directory.path) ?? false, "\(run.lines)")
  }

  @Test func `a build without TLS refuses a certificate instead of serving without`() throws {
    files.directory.write("web.yaml", Array("\(Self.server)}\n".utf8))
    let file = files.path("web.yaml")
    let run = try #require(Command.run(["daemon", "--web.config.file", file]))
    #expect(run.status == 2)
    #expect(
      run.errors == """
        closewatch: \(file):1:1: tls_server_config: this closewatch was built without TLS; use the \
        package, or build it with --traits TLS

        """)
  }
}
