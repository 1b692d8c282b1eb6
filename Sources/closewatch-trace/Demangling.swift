// SPDX-License-Identifier: Apache-2.0

import CTrace
import Glibc
import Tracing

/// Names as linkers have them, to names as people write them.
enum Demangling {
  /// The name of C++, Rust or Swift; any other as it is.
  static func readable(_ name: String) -> String {
    if let text = RustName.readable(name) { return text }
    // LLVM adds a number to what it has made visible to the other parts of a program.
    let symbol = name.split(separator: ".llvm.", maxSplits: 1).first.map(String.init) ?? name
    if name.hasPrefix("_Z"), let text = closewatch_demangle_cplusplus(symbol) {
      defer { free(text) }
      return withoutEscapes(withoutHash(String(cString: text)))
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

  /// Rust writes for C++ what no name of it may have: `_$LT$web..Up$u20$as$u20$web..Handler$GT$`.
  private static func withoutEscapes(_ name: String) -> String {
    let parts = name.split(separator: "$", omittingEmptySubsequences: false)
    // Between each two signs stands one word.
    guard parts.count > 2, parts.count % 2 == 1 else { return name }
    var text = ""
    for (index, part) in parts.enumerated() {
      if index % 2 == 0 {
        text += part.replacing("..", with: "::")
        // A word begins so where it could not begin with a sign.
        if text == "_" || text.hasSuffix("::_") { text.removeLast() }
      } else if let sign = signs[part] {
        text += sign
      } else if part.first == "u", let code = UInt32(part.dropFirst(), radix: 16),
        let character = Unicode.Scalar(code)
      {
        text.unicodeScalars.append(character)
      } else {
        return name
      }
    }
    return text
  }

  private static let signs: [Substring: String] = [
    "LT": "<", "GT": ">", "LP": "(", "RP": ")", "RF": "&", "BP": "*", "SP": "@", "C": ",",
  ]

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
