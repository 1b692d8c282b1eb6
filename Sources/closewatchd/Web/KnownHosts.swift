// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The names under which the status page is served. A page of somebody else's in a reader's browser
/// can make a name of its own lead here (DNS rebinding), and would then read the answer: it cannot
/// do that with an address, with `localhost`, or with a name that is not its own.
struct KnownHosts: Sendable {
  private let names: Set<String>

  init(_ names: [String]) {
    self.names = Set((names + ["localhost"]).map { $0.lowercased() }.filter { !$0.isEmpty })
  }

  /// - Parameter host: The `Host` header (RFC 9110 7.2), with or without a port; nil: HTTP/1.0,
  ///   which no browser speaks.
  func know(_ host: String?) -> Bool {
    guard let host else { return true }
    var name = host.lowercased()
    if name.hasPrefix("[") {
      name = String(name.dropFirst().prefix { $0 != "]" })
    } else if let colon = name.lastIndex(of: ":") {
      name = String(name[..<colon])
    }
    if name.hasSuffix(".") { name.removeLast() }
    return names.contains(name) || (try? SocketAddress(ipAddress: name, port: 0)) != nil
  }
}
