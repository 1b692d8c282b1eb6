// SPDX-License-Identifier: Apache-2.0

import CTrace
import Glibc

/// Names as linkers have them, to names as people write them.
enum Demangling {
  /// The name of C++, Rust or Swift; any other as it is.
  static func readable(_ name: String) -> String {
    if name.hasPrefix("_Z"), let text = closewatch_demangle_cplusplus(name) {
      defer { free(text) }
      return withoutHash(String(cString: text))
    }
    if name.hasPrefix("$s") || name.hasPrefix("$S"), let text = demangleSwift(name) { return text }
    return name
  }

  /// Rust says each with a number of the compiler's: `web::handle::h0123456789abcdef`.
  private static func withoutHash(_ name: String) -> String {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard let last = parts.last, last.utf8.count == 17, last.first == "h",
      last.dropFirst().allSatisfy(\.isHexDigit)
    else { return name }
    return String(name.dropLast(19))
  }

  private static func demangleSwift(_ name: String) -> String? {
    let text = name.utf8CString.withUnsafeBufferPointer {
      swiftDemangle($0.baseAddress, $0.count - 1, nil, nil, 0)
    }
    guard let text else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}

@_silgen_name("swift_demangle")
private func swiftDemangle(
  _ name: UnsafePointer<CChar>?, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>?,
  _ size: UnsafeMutablePointer<Int>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?
