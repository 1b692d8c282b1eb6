// SPDX-License-Identifier: Apache-2.0

/// Text of other programs as the value of a label.
///
/// A process can call itself anything: an escape sequence (people read pages with curl), a line
/// break, four kilobytes. Two different texts never become the same value, or a page would have
/// one series twice and Prometheus would refuse it as a whole.
enum LabelValue {
  /// The most bytes a value can have. 120: unit names fit, and 2,000 series of them stay
  /// below a megabyte.
  static let byteLimit = 120

  /// `text` itself when it is printable and short; else what can be shown of it, `~`, and a hash
  /// of all of it.
  static func safe(_ text: String) -> String {
    if text.utf8.count <= byteLimit, text.unicodeScalars.allSatisfy({ !UntrustedText.isUnsafe($0) })
    {
      return text
    }
    var shown = String.UnicodeScalarView()
    var bytes = 0
    let room = byteLimit - 17
    for scalar in text.unicodeScalars {
      let next: Unicode.Scalar = UntrustedText.isUnsafe(scalar) ? "?" : scalar
      bytes += UTF8.width(next)
      guard bytes <= room else { break }
      shown.append(next)
    }
    let digits = String(hash(text), radix: 16)
    return String(shown) + "~" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// FNV-1a: tells texts apart, keeps no secret.
  static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
