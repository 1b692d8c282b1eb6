// SPDX-License-Identifier: Apache-2.0

/// Values on their way to another process of this program: the same image on the same machine, so
/// numbers go in its own byte order and nothing names itself. What arrives is checked all the same,
/// by ``WireReader``.
package struct WireWriter {
  /// What has not been handed on yet.
  package private(set) var bytes: [UInt8] = []
  private let handOn: (([UInt8]) -> Void)?
  /// Takes the memory of rows that are written, and says how many of its bytes it need not see
  /// again. For a writer of rows that nobody else has and nobody reads afterwards; nil: they stay.
  package var takesBack: ((UnsafeRawBufferPointer) -> Int)?
  /// So many bytes are handed on at a time: large values are never there twice.
  private static let piece = 65536

  /// - Parameter handOn: Takes the bytes piece by piece, in order. Without, all stay in ``bytes``.
  package init(handOn: (([UInt8]) -> Void)? = nil) {
    self.handOn = handOn
    bytes.reserveCapacity(handOn == nil ? 256 : 2 * Self.piece)
  }

  /// Hands on what is left.
  package mutating func finish() {
    guard let handOn, !bytes.isEmpty else { return }
    handOn(bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Ends an element of something long.
  mutating func endElement() {
    if handOn != nil, bytes.count >= Self.piece { finish() }
  }

  package mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
  }

  package mutating func put(_ truth: Bool) { bytes.append(truth ? 1 : 0) }

  package mutating func put(_ number: Double) { put(number.bitPattern) }

  package mutating func put(_ text: String) {
    put(UInt32(clamping: text.utf8.count))
    bytes.append(contentsOf: text.utf8.prefix(Int(UInt32.max)))
  }

  package mutating func put(raw: UnsafeRawBufferPointer) { bytes.append(contentsOf: raw) }

  package mutating func put<Value>(
    _ value: Value?, _ write: (inout WireWriter, Value) -> Void
  ) {
    put(value != nil)
    if let value { write(&self, value) }
  }

  package mutating func put<Value>(
    _ values: some Collection<Value>, _ write: (inout WireWriter, Value) -> Void
  ) {
    put(UInt64(values.count))
    for value in values {
      write(&self, value)
      endElement()
    }
  }
}
