// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Groups of users by name: getgrnam_r(3).
package enum UserGroup {
  /// The number of a group; nil when there is none of that name.
  package static func number(of name: String) -> UInt32? {
    var group = group()
    var found: UnsafeMutablePointer<Glibc.group>?
    // A group with thousands of members does not fit: then it grows.
    var size = 4096
    while size <= 1 << 20 {
      var buffer = [CChar](repeating: 0, count: size)
      let code = getgrnam_r(name, &group, &buffer, buffer.count, &found)
      guard code == ERANGE else { return code == 0 && found != nil ? group.gr_gid : nil }
      size *= 4
    }
    return nil
  }
}
