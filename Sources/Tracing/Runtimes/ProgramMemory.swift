// SPDX-License-Identifier: Apache-2.0

/// Bytes that lie at addresses: those of a running program, or of a file by their offset.
///
/// All of it may be hostile: what is read is checked where it is used, and each walk through it is
/// bounded.
package protocol ProgramMemory {
  /// - Returns: nil when one of them cannot be read.
  func bytes(at address: UInt64, count: Int) -> [UInt8]?
}

extension ProgramMemory {
  /// A number of this machine's byte order.
  package func number<Number: FixedWidthInteger>(
    at address: UInt64, _ type: Number.Type = Number.self
  ) -> Number? {
    guard let bytes = bytes(at: address, count: MemoryLayout<Number>.size),
      bytes.count == MemoryLayout<Number>.size
    else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
  }

  /// The text that ends with a zero byte, without it.
  ///
  /// - Returns: nil when it cannot be read, or does not end within `limit` bytes.
  package func text(at address: UInt64, limit: Int = 4096) -> String? {
    var text: [UInt8] = []
    while text.count < limit {
      let next = address &+ UInt64(text.count)
      // What can be read may end with the text.
      guard let piece = bytes(at: next, count: 64) ?? bytes(at: next, count: 1) else { return nil }
      if let end = piece.firstIndex(of: 0) {
        return String(decoding: text + piece[..<end], as: UTF8.self)
      }
      text += piece
    }
    return nil
  }
}

/// Bytes that are held here, the first of them at an address.
package struct StoredMemory: ProgramMemory {
  package var bytes: [UInt8]
  package var start: UInt64

  package init(_ bytes: [UInt8], at start: UInt64 = 0) {
    self.bytes = bytes
    self.start = start
  }

  package func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    guard address >= start, count >= 0, address - start <= UInt64(bytes.count),
      count <= bytes.count - Int(address - start)
    else { return nil }
    let first = Int(address - start)
    return Array(bytes[first..<(first + count)])
  }
}
