// SPDX-License-Identifier: Apache-2.0

/// The programs that are put into the kernel, compiled when this package was: object files, for
/// libbpf.
package enum TraceProbe {
  /// What a trace watches with.
  package static var object: [UInt8] { bytes(of: TraceObject.hexadecimal) }
  /// What counts connects for the daemon.
  package static var connects: [UInt8] { bytes(of: ConnectsObject.hexadecimal) }

  private static func bytes(of hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    return stride(from: 0, to: digits.count, by: 2).map { place in
      value(of: digits[place]) << 4 | value(of: digits[place + 1])
    }
  }

  private static func value(of digit: UInt8) -> UInt8 {
    digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
  }
}
