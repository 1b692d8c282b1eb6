// SPDX-License-Identifier: Apache-2.0

/// What `--web.config.file` says, in the format of Prometheus' exporter-toolkit.
struct WebConfig: Sendable {
  /// The bcrypt hash of each user's password; empty: everybody may see the pages.
  var users: [String: String] = [:]
  /// Headers for every answer.
  var headers: [(String, String)] = []
  /// nil: plain HTTP.
  var tls: TLSSettings?
  /// nil: no limit.
  var rateLimit: RateLimit?
  /// What is taken and has another effect here than its name says. For the log, once.
  var remarks: [String] = []
}

/// The section `rate_limit`: a bucket of `burst` requests, which one more comes into after each
/// interval.
struct RateLimit: Hashable, Sendable {
  var intervalSeconds: Double
  var burst: Int
}

/// The section `tls_server_config`.
struct TLSSettings: Hashable, Sendable {
  /// Whether a client must show a certificate.
  enum ClientAuth: String, CaseIterable, Sendable {
    case none = "NoClientCert"
    case request = "RequestClientCert"
    case requireAny = "RequireAnyClientCert"
    case verifyIfGiven = "VerifyClientCertIfGiven"
    case require = "RequireAndVerifyClientCert"

    /// Whether an authority has to stand for the certificate.
    var verifies: Bool { self == .verifyIfGiven || self == .require }
    /// Whether nobody comes in without one.
    var isRequired: Bool { self == .requireAny || self == .require }
  }

  enum Version: String, CaseIterable, Comparable, Sendable {
    case tls10 = "TLS10"
    case tls11 = "TLS11"
    case tls12 = "TLS12"
    case tls13 = "TLS13"

    static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
  }

  enum Curve: String, CaseIterable, Sendable {
    case p256 = "CurveP256"
    case p384 = "CurveP384"
    case p521 = "CurveP521"
    case x25519 = "X25519"
  }

  /// PEM text, and where it stands.
  enum Source: Hashable, Sendable {
    case file(String)
    /// In the settings themselves; `place` is for errors.
    case text(String, place: String)

    /// The file to read again when it changes.
    var path: String? {
      if case .file(let path) = self { return path }
      return nil
    }

    /// Where it is, for an error.
    var place: String {
      switch self {
      case .file(let path): path
      case .text(_, let place): place
      }
    }
  }

  var certificate: Source
  var key: Source
  var clientAuth = ClientAuth.none
  /// The authorities whose client certificates count.
  var clientAuthorities: Source?
  /// A client's certificate must have one of these subject alternative names, letter by letter.
  /// nil: any certificate that ``clientAuth`` lets in.
  var clientNames: Set<String>?
  var leastVersion = Version.tls12
  var mostVersion = Version.tls13
  /// For TLS up to 1.2; those of TLS 1.3 are not chosen.
  var cipherSuites = CipherSuite.usual
  /// In the order of preference; nil: the library's.
  var curves: [Curve]?
}
