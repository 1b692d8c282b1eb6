// SPDX-License-Identifier: Apache-2.0

/// What `--web.config.file` says, in the format of Prometheus' exporter-toolkit.
struct WebConfig: Sendable {
  /// The bcrypt hash of each user's password; empty: everybody may see the pages.
  var users: [String: String] = [:]
  /// Headers for every answer.
  var headers: [(String, String)] = []
  /// nil: plain HTTP.
  var tls: TLSSettings?
}

/// The section `tls_server_config`.
struct TLSSettings: Hashable, Sendable {
  /// Whether a client must show a certificate.
  enum ClientAuth: String, CaseIterable, Sendable {
    case none = "NoClientCert"
    case verifyIfGiven = "VerifyClientCertIfGiven"
    case require = "RequireAndVerifyClientCert"
  }

  enum Version: String, CaseIterable, Sendable {
    case tls12 = "TLS12"
    case tls13 = "TLS13"
  }

  var certificateFile: String
  var keyFile: String
  var clientAuth = ClientAuth.none
  /// The authorities whose client certificates count.
  var clientCAFile: String?
  var leastVersion = Version.tls12
}
