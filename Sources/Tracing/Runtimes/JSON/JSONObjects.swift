// SPDX-License-Identifier: Apache-2.0

/// Takes apart an answer that is too large to be held: the objects of one depth, one at a time, as
/// its bytes come.
struct JSONObjects {
  /// In how many lists and objects those are that are wanted.
  private let depth: Int
  private let largest: Int
  private var level = 0
  private var isText = false
  private var isEscaped = false
  private var object: [UInt8] = []
  private var isTooLarge = false
  /// Objects that were larger than what may be held.
  private(set) var skipped = 0

  init(depth: Int, largest: Int = 1 << 20) {
    self.depth = depth
    self.largest = largest
  }

  /// The objects that have become whole with these bytes.
  mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    var whole: [[UInt8]] = []
    for byte in bytes {
      if level >= depth { keep(byte) }
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        level += 1
        if level == depth, byte == UInt8(ascii: "{") { begin(with: byte) }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if level == depth, byte == UInt8(ascii: "}"), let object = end() { whole.append(object) }
        level = max(0, level - 1)
      default: break
      }
    }
    return whole
  }

  private mutating func begin(with byte: UInt8) {
    object = [byte]
    isTooLarge = false
  }

  private mutating func keep(_ byte: UInt8) {
    if object.count < largest { object.append(byte) } else { isTooLarge = true }
  }

  private mutating func end() -> [UInt8]? {
    defer { object = [] }
    if isTooLarge { skipped += 1 }
    return isTooLarge ? nil : object
  }
}
