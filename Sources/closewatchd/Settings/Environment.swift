// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment that this process was started with: environ(7).
enum Environment {
  /// `NAME=value`, those of closewatch only.
  static var variables: [String] {
    var found: [String] = []
    var entry = environ
    while let text = entry.pointee {
      if strncmp(text, "CLOSEWATCH_", 11) == 0 { found.append(String(cString: text)) }
      entry += 1
    }
    return found
  }
}
