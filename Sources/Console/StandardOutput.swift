// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxHost

/// Standard output, unbuffered: whoever writes brings large pieces.
package enum StandardOutput {
  package enum Failure: Error {
    /// The reader has gone: not a failure of this program, but nothing is left to do.
    case closed
    case failed(SystemCallError)
  }

  package static func write(_ bytes: [UInt8]) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      do {
        let count = try systemCall("write", on: "standard output") {
          rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
      } catch {
        throw error.errno == EPIPE ? .closed : .failed(error)
      }
    }
  }

  package static func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }
}

/// Standard error: one line for each mistake, and the progress of a watch.
package enum StandardError {
  /// Writes `closewatch: message`. That it cannot be written is nothing to be told to anyone.
  package static func line(_ message: String) { raw("closewatch: \(message)\n") }

  package static func raw(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
