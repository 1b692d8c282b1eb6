// SPDX-License-Identifier: Apache-2.0

/// The target of a link under `/proc/PID/ns`.
package enum NamespaceLink {
  /// - Parameter text: For example `net:[4026531840]`.
  /// - Returns: The inode number of the network namespace.
  /// - Throws: ``DecodeError/badField(table:field:text:)`` when it is anything else.
  ///
  /// Source: namespaces(7).
  package static func decode(_ text: Span<UInt8>) throws(DecodeError) -> NetnsID {
    let prefix: StaticString = "net:["
    var value: UInt64 = 0
    var isRight =
      text.count > prefix.utf8CodeUnitCount + 1 && text.count <= prefix.utf8CodeUnitCount + 11
      && text[text.count - 1] == UInt8(ascii: "]")
    if isRight {
      for (index, byte) in "net:[".utf8.enumerated() where text[index] != byte { isRight = false }
      for index in prefix.utf8CodeUnitCount..<(text.count - 1) {
        let digit = text[index] &- UInt8(ascii: "0")
        if digit > 9 { isRight = false }
        value = value * 10 + UInt64(digit)
      }
    }
    guard isRight, let inode = UInt32(exactly: value) else {
      var bytes: [UInt8] = []
      for index in 0..<min(text.count, 64) { bytes.append(text[index]) }
      throw .badField(
        table: "/proc/PID/ns/net", field: "link", text: String(decoding: bytes, as: UTF8.self))
    }
    return NetnsID(rawValue: inode)
  }
}
