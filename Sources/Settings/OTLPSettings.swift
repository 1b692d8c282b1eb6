// SPDX-License-Identifier: Apache-2.0

/// Where metrics are pushed to, and how: OTLP over HTTP.
package struct OTLPSettings: Hashable, Sendable {
  /// nil: nothing is pushed.
  package var endpoint: CollectorURL?
  /// The file with headers for each request; empty: there is none.
  package var headersFile = ""
  /// The file with authorities of the collector's certificate; empty: those of the system.
  package var authoritiesFile = ""
  /// Seconds between two pushes.
  package var interval = 60.0
  /// Seconds for a push, from its name server to the last byte of the answer.
  package var timeout = 10.0
  /// Attributes of the resource, on top of those that closewatch knows of itself.
  package var resourceAttributes: [String: String] = [:]

  /// Every default.
  package init() {}
}

/// A receiver of OTLP/HTTP: `http://collector:4318`, to which `/v1/metrics` is added as the
/// specification of the exporter has it.
package struct CollectorURL: Hashable, Sendable, CustomStringConvertible {
  /// As it was written.
  package let description: String
  /// Whether it is https.
  package let isSecure: Bool
  /// A name or an address, that of IPv6 without its brackets.
  package let host: String
  package let port: UInt16
  /// Of the request.
  package let path: String

  private static let metricsPath = "/v1/metrics"

  /// nil when it is none, or has what has no place in it: user, password, query.
  package init?(_ text: String) {
    let scheme = text.prefix { $0 != ":" }.lowercased()
    guard ["http", "https"].contains(scheme), text.utf8.count <= 2048 else { return nil }
    let rest = text.dropFirst(scheme.count)
    guard rest.hasPrefix("://"),
      rest.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
      !rest.contains(where: { "@?#\\\"<>".contains($0) })
    else { return nil }
    let authority = rest.dropFirst(3).prefix { $0 != "/" }
    guard let (host, port) = Self.place(authority, isSecure: scheme == "https") else { return nil }
    var path = rest.dropFirst(3 + authority.count)
    while path.last == "/" { path.removeLast() }
    description = text
    isSecure = scheme == "https"
    self.host = host
    self.port = port
    self.path = path.hasSuffix(Self.metricsPath) ? String(path) : path + Self.metricsPath
  }

  /// Host and port as a `Host` header has them.
  package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static func place(_ text: Substring, isSecure: Bool) -> (String, UInt16)? {
    let host: Substring
    let isNumeric = text.hasPrefix("[")
    if isNumeric {
      host = text.dropFirst().prefix { $0 != "]" }
      guard text.dropFirst(1 + host.count).hasPrefix("]") else { return nil }
    } else {
      host = text.prefix { $0 != ":" }
    }
    let allowed = isNumeric ? "0123456789abcdefABCDEF:." : nil
    let isHost = host.allSatisfy { letter in
      allowed?.contains(letter) ?? (letter.isLetter || letter.isNumber || "-._".contains(letter))
    }
    guard !host.isEmpty, isHost else { return nil }
    let rest = text.dropFirst(host.count + (isNumeric ? 2 : 0))
    if rest.isEmpty { return (String(host), isSecure ? 443 : 80) }
    guard rest.hasPrefix(":"), rest.dropFirst().allSatisfy(\.isWholeNumber),
      let port = UInt16(rest.dropFirst()), port > 0
    else { return nil }
    return (String(host), port)
  }
}
