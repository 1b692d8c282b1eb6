// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The addresses of a host by its name.
package enum HostAddresses {
  /// Why there are none, in words.
  package struct Failure: Error, Hashable, Sendable {
    package var reason: String
  }

  /// Asks getaddrinfo(3), which may take as long as its name servers do.
  ///
  /// - Returns: Addresses in numbers, in the order in which they should be tried, each once.
  /// - Throws: ``Failure``.
  package static func lookUp(_ name: String) throws(Failure) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &list)
    guard code == 0 else {
      let system = SystemCallError("getaddrinfo", on: name, errno: errno).reason
      let words = gai_strerror(code).map { String(cString: $0) } ?? "unknown error"
      throw Failure(reason: code == EAI_SYSTEM ? system : words)
    }
    defer { freeaddrinfo(list) }
    var found: [String] = []
    var next = list
    while let info = next?.pointee {
      next = info.ai_next
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let code = getnameinfo(
        info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      guard code == 0 else { continue }
      let address = String(
        decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if !found.contains(address) { found.append(address) }
    }
    return found
  }
}
