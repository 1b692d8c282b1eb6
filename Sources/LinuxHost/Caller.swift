// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Who runs this program.
package struct Caller: Hashable, Sendable {
  /// The real user id.
  package var uid: UInt32
  /// The user who logged in, whatever became of him since (sudo): pam_loginuid(8). nil when nobody
  /// did, as in a service.
  package var loginUID: UInt32?

  /// Asks the kernel.
  package init(procRoot: String = "/proc") {
    uid = getuid()
    let bytes = (try? readFile("\(procRoot)/self/loginuid")) ?? []
    loginUID = UInt32(String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self))
      .flatMap { $0 == .max ? nil : $0 }
  }
}
