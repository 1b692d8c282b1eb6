// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What this host calls itself: gethostname(2).
package enum HostName {
  /// Empty when it has no name. Untrusted text: a container chooses its own.
  package static var current: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
    return String(
      decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
