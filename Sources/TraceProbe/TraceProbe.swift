// SPDX-License-Identifier: Apache-2.0

/// The programs that a trace puts into the kernel, compiled when this package was.
package enum TraceProbe {
  /// The object file, for libbpf.
  package static var object: [UInt8] {
    let digits = Array(ProbeObject.hexadecimal.utf8)
    return stride(from: 0, to: digits.count, by: 2).map { place in
      value(of: digits[place]) << 4 | value(of: digits[place + 1])
    }
  }

  private static func value(of digit: UInt8) -> UInt8 {
    digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
  }
}
