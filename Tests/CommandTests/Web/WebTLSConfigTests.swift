// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import closewatchd

/// The section `tls_server_config`, as exporter-toolkit has it.
@Suite struct WebTLSConfigTests {
  private static func read(_ keys: String) throws -> WebConfig {
    let text = "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n" + keys
    return try WebConfigReader.read(Array(text.utf8), file: "/etc/web.yml", hasTLS: true)
  }

  private static func settings(_ keys: String) throws -> TLSSettings {
    try #require(try read(keys).tls)
  }

  private static func problems(_ text: String) -> [String] {
    do throws(SettingsErrors) {
      _ = try WebConfigReader.read(Array(text.utf8), file: "web.yml", hasTLS: true)
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  @Test func `by default there is forward secrecy and authenticated encryption, nothing else`()
    throws
  {
    let settings = try Self.settings("")
    #expect(settings.certificate == .file("/etc/a.pem"))
    #expect(settings.key == .file("/etc/a.key"))
    #expect((settings.leastVersion, settings.mostVersion) == (.tls12, .tls13))
    #expect(settings.clientAuth == .none)
    #expect(settings.curves == nil)
    #expect(settings.cipherSuites.count == 6)
    for suite in settings.cipherSuites {
      #expect(suite.rawValue.hasPrefix("TLS_ECDHE_"))
      #expect(suite.rawValue.contains("_GCM_") || suite.rawValue.contains("_CHACHA20_POLY1305_"))
    }
  }

  @Test func `an empty section is plain HTTP`() throws {
    let config = try WebConfigReader.read(
      Array("tls_server_config:\n".utf8), file: "web.yml", hasTLS: true)
    #expect(config.tls == nil)
  }

  @Test(
    arguments: [true, false],
    [
      ("cert_file: '', key_file: , client_ca_file: \"\", client_auth_type: ''", 0),
      ("cert: '', key: '', client_ca: ''", 0), ("min_version: TLS13", 1),
    ])
  func `a section in which all is blank is plain HTTP`(
    _ hasTLS: Bool, _ section: (String, Int)
  ) throws {
    let text = "tls_server_config: {\(section.0)}\n"
    let config = try WebConfigReader.read(Array(text.utf8), file: "web.yml", hasTLS: hasTLS)
    #expect(config.tls == nil)
    #expect(config.remarks.count == section.1)
  }

  @Test func `what is blank is as if it were not there`() throws {
    let settings = try Self.settings(
      "  cert: ''\n  key:\n  client_ca: ''\n  client_auth_type: ''\n")
    #expect(settings.certificate == .file("/etc/a.pem"))
    #expect(settings.clientAuthorities == nil)
    #expect(settings.clientAuth == .none)
    let text = "tls_server_config: {cert_file: '', cert: x, key_file: , key: y}\n"
    let inline = try WebConfigReader.read(Array(text.utf8), file: "web.yml", hasTLS: true)
    #expect(
      inline.tls?.certificate == .text("x", place: "web.yml:1:36: tls_server_config: cert"))
  }

  @Test func `suites and curves are taken in their order`() throws {
    let settings = try Self.settings(
      """
        cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]
        curve_preferences: [X25519, CurveP256]

      """)
    #expect(settings.cipherSuites == [.rsaAES256GCM, .tls13AES128GCM])
    #expect(settings.curves == [.x25519, .p256])
    // Empty lists are the usual ones.
    let usual = try Self.settings("  cipher_suites: []\n  curve_preferences: []\n")
    #expect(usual.cipherSuites == CipherSuite.usual)
    #expect(usual.curves == nil)
  }

  @Test func `suites of TLS 1 3 alone leave nothing for TLS 1 2`() throws {
    let settings = try Self.settings("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n")
    #expect(settings.leastVersion == .tls13)
  }

  @Test func `versions are bounds, and one without a suite is said to be none`() throws {
    let strict = try Self.settings("  min_version: TLS13\n  max_version: TLS13\n")
    #expect((strict.leastVersion, strict.mostVersion) == (.tls13, .tls13))
    let old = try Self.read("  min_version: TLS10\n")
    #expect(old.tls?.leastVersion == .tls12)
    #expect(
      old.remarks == [
        "/etc/web.yml:4:3: tls_server_config: min_version: TLS10, but none of the cipher suites is "
          + "for it: TLS12 is the least"
      ])
    let older = try Self.settings(
      "  min_version: TLS10\n  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n")
    #expect(older.leastVersion == .tls10)
  }

  @Test(arguments: [
    ("NoClientCert", "none"), ("RequestClientCert", "request"),
    ("RequireAnyClientCert", "requireAny"), ("RequireClientCert", "requireAny"),
    ("VerifyClientCertIfGiven", "verifyIfGiven"), ("RequireAndVerifyClientCert", "require"),
  ])
  func `all five ways to ask clients for certificates are there`(_ name: String, _ kind: String)
    throws
  {
    let authority = name == "NoClientCert" ? "" : "  client_ca_file: ca.pem\n"
    let settings = try Self.settings("  client_auth_type: \(name)\n\(authority)")
    #expect("\(settings.clientAuth)" == kind)
  }

  @Test func `clients can be held to names`() throws {
    let settings = try Self.settings(
      """
        client_auth_type: RequireAnyClientCert
        client_allowed_sans: [scraper.example, 192.0.2.7]

      """)
    #expect(settings.clientNames == ["scraper.example", "192.0.2.7"])
  }

  @Test func `certificates can stand in the file itself`() throws {
    let text = """
      tls_server_config:
        cert: |
          -----BEGIN CERTIFICATE-----
        key: |
          -----BEGIN PRIVATE KEY-----

      """
    let config = try WebConfigReader.read(Array(text.utf8), file: "web.yml", hasTLS: true)
    #expect(
      config.tls?.certificate
        == .text("-----BEGIN CERTIFICATE-----\n", place: "web.yml:2:3: tls_server_config: cert"))
    #expect(config.tls?.certificate.path == nil)
  }

  @Test func `that the server's order is wished is taken, and said to have no effect`() throws {
    #expect(try Self.read("  prefer_server_cipher_suites: false\n").remarks == [])
    let remarks = try Self.read("  prefer_server_cipher_suites: true\n").remarks
    #expect(remarks.count == 1)
    #expect(remarks.first?.contains("the client's order counts") == true)
  }

  private static let files = "cert_file: a, key_file: b"

  @Test(arguments: [
    ("cert_file: a", "1:1: tls_server_config: cert_file and key_file are both needed"),
    (
      "\(files), cert: x",
      "1:48: tls_server_config: cert: cert_file is there too; take one of the two out"
    ),
    (
      "\(files), min_version: TLS1",
      "1:61: tls_server_config: min_version: expected one of TLS10, "
        + "TLS11, TLS12, TLS13, found 'TLS1'; did you mean 'TLS10'?"
    ),
    (
      "\(files), min_version: TLS13, max_version: TLS12",
      "1:81: tls_server_config: max_version TLS12 is less than min_version TLS13; there is no "
        + "version between them"
    ),
    (
      "\(files), min_version: TLS10, max_version: TLS11",
      "1:81: tls_server_config: none of cipher_suites is for TLS11; name "
        + "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, or take max_version out"
    ),
    (
      "\(files), max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]",
      "1:83: tls_server_config: none of cipher_suites is for TLS12; name one of TLS 1.2, or take "
        + "max_version out"
    ),
    (
      "\(files), curve_preferences: P256",
      "1:67: tls_server_config: curve_preferences: expected a list such as [a, b], found 'P256'"
    ),
    (
      "\(files), curve_preferences: [P256]",
      "1:68: tls_server_config: curve_preferences: expected one of CurveP256, CurveP384, "
        + "CurveP521, X25519, found 'P256'"
    ),
    (
      "\(files), prefer_server_cipher_suites: 2",
      "1:77: tls_server_config: prefer_server_cipher_suites: expected true or false, found '2'"
    ),
    (
      "\(files), client_auth_type: Require",
      "1:66: tls_server_config: client_auth_type: expected one of NoClientCert, RequestClientCert, "
        + "RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert, found "
        + "'Require'"
    ),
    (
      "\(files), client_auth_type: RequireAndVerifyClientCert",
      "1:1: tls_server_config: client_auth_type RequireAndVerifyClientCert needs a client_ca_file: "
        + "the authority that signs the certificates of clients"
    ),
    (
      "\(files), client_ca_file: ca",
      "1:1: tls_server_config: client_ca_file needs a client_auth_type; say "
        + "RequireAndVerifyClientCert"
    ),
    (
      "\(files), client_auth_type: RequestClientCert, client_allowed_sans: [a]",
      "1:1: tls_server_config: client_allowed_sans needs a client_auth_type that requires a "
        + "certificate; say RequireAndVerifyClientCert"
    ),
    (
      "\(files), client_auth_type: RequireAnyClientCert, client_allowed_sans: []",
      "1:88: tls_server_config: client_allowed_sans: an empty list lets nobody in; name who may "
        + "come in, or take it out"
    ),
    (
      "\(files), cipher_suite: [a]",
      "1:48: tls_server_config: unknown key 'cipher_suite'; did you mean 'cipher_suites'?"
    ),
  ])
  func `a wrong value is one line with its place and what to do`(_ keys: String, _ error: String) {
    #expect(Self.problems("tls_server_config: {\(keys)}\n") == ["web.yml:\(error)"])
  }

  @Test func `a suite without forward secrecy is no suite`() {
    let problems = Self.problems(
      "tls_server_config: {\(Self.files), cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]}\n")
    #expect(problems.count == 1)
    #expect(
      problems.first?.contains("web.yml:1:64: tls_server_config: cipher_suites: expected one of ")
        == true)
    #expect(problems.first?.contains("found 'TLS_RSA_WITH_AES_128_CBC_SHA'") == true)
  }
}
