// SPDX-License-Identifier: Apache-2.0

/// Where the web server listens, as `--web.listen-address` has it.
package enum ListenAddress: Hashable, Sendable {
  /// `127.0.0.1:9776`, `[::1]:9776`, `localhost:9776`, `:9776` (every address).
  case tcp(host: String, port: UInt16)
  /// `unix:/run/closewatch.sock`, `unix:/run/closewatch.sock?mode=0660`.
  case unix(path: String, mode: UInt32)

  /// Loopback: whoever wants it seen from elsewhere says so.
  package static let standard = ListenAddress.tcp(host: "127.0.0.1", port: 9776)

  /// The owner and the group may connect.
  private static let standardMode: UInt32 = 0o660

  package init(_ text: String) throws(UsageError) {
    if text.hasPrefix("unix:") {
      self = try Self.unix(text)
      return
    }
    guard let colon = text.lastIndex(of: ":") else {
      throw UsageError("there is no port in the listen address '\(text)'; write HOST:PORT")
    }
    guard let port = UInt16(text[text.index(after: colon)...]) else {
      throw UsageError("the listen address '\(text)' must end in a port from 0 to 65535")
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      throw UsageError("the listen address '\(text)': an IPv6 address goes in [brackets]")
    }
    self = .tcp(host: host, port: port)
  }

  private static func unix(_ text: String) throws(UsageError) -> ListenAddress {
    let parts = text.dropFirst("unix:".count).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(parts[0])
    guard path.hasPrefix("/") else {
      throw UsageError("the listen address '\(text)': the path of a unix socket begins with /")
    }
    guard parts.count == 2 else { return .unix(path: path, mode: standardMode) }
    guard parts[1].hasPrefix("mode="), let mode = UInt32(parts[1].dropFirst(5), radix: 8),
      mode <= 0o777
    else {
      throw UsageError("the listen address '\(text)': after ? goes mode=0660, in octal")
    }
    return .unix(path: path, mode: mode)
  }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path, _): "unix:\(path)"
    }
  }
}
