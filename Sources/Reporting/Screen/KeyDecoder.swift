// SPDX-License-Identifier: Apache-2.0

/// A key that was pressed.
package enum ScreenKey: Hashable, Sendable {
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, backspace, delete, tab, backTab
  case character(Character)
  /// With Ctrl, by the letter: `l` for Ctrl-L.
  case control(Character)
}

/// Turns what a terminal sends into keys. A sequence can come in pieces: over a slow line, the
/// Escape key can only be told from the beginning of one by waiting.
package struct KeyDecoder: Sendable {
  /// A sequence that is longer is none.
  private static let longestSequence = 32
  private var pending: [UInt8] = []

  package init() {}

  /// Whether more may follow: then ``timeOut()`` after a moment.
  package var isWaiting: Bool { !pending.isEmpty }

  /// Takes in bytes, and gives the keys that are complete.
  package mutating func take(_ bytes: some Sequence<UInt8>) -> [ScreenKey] {
    pending += bytes
    var keys: [ScreenKey] = []
    while let (key, length) = next() {
      pending.removeFirst(length)
      if let key { keys.append(key) }
    }
    return keys
  }

  /// Nothing more came: what waits was the Escape key, or nothing.
  package mutating func timeOut() -> [ScreenKey] {
    let wasEscape = pending.first == 0x1b
    pending = []
    return wasEscape ? [.escape] : []
  }

  /// The first key of what waits and its bytes; nil when it is not complete. The key is nil for
  /// one that means nothing here.
  private func next() -> (ScreenKey?, Int)? {
    guard let first = pending.first else { return nil }
    switch first {
    case 0x1b: return escape()
    case 0x0d, 0x0a: return (.enter, 1)
    case 0x09: return (.tab, 1)
    case 0x7f, 0x08: return (.backspace, 1)
    case 0x01...0x1a: return (.control(Character(Unicode.Scalar(first + 0x60))), 1)
    case 0x20...0x7e: return (.character(Character(Unicode.Scalar(first))), 1)
    case 0x80...0xff: return scalar(first)
    default: return (nil, 1)
    }
  }

  private func scalar(_ first: UInt8) -> (ScreenKey?, Int)? {
    let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
    guard length > 1 else { return (nil, 1) }
    guard pending.count >= length else {
      // What can't go on as UTF-8 is thrown away.
      let isBegun = pending.dropFirst().allSatisfy { $0 & 0xc0 == 0x80 }
      return isBegun ? nil : (nil, 1)
    }
    guard let text = String(validating: pending[..<length], as: UTF8.self), text.count == 1,
      let character = text.first
    else { return (nil, 1) }
    return (.character(character), length)
  }

  private func escape() -> (ScreenKey?, Int)? {
    guard pending.count > 1 else { return nil }
    switch pending[1] {
    case UInt8(ascii: "["): return controlSequence()
    case UInt8(ascii: "O"):
      guard pending.count > 2 else { return nil }
      return (Self.byLetter[pending[2]], 3)
    case 0x1b: return (.escape, 1)
    // Escape, and right after it another key.
    default: return (.escape, 1)
    }
  }

  /// `ESC [ parameters intermediates final`; the Linux console sends its function keys as
  /// `ESC [ [ A`.
  private func controlSequence() -> (ScreenKey?, Int)? {
    if pending.count > 2, pending[2] == UInt8(ascii: "[") {
      return pending.count > 3 ? (nil, 4) : nil
    }
    var end = 2
    while end < pending.count, (0x20...0x3f).contains(pending[end]) { end += 1 }
    guard end < pending.count else {
      return end > Self.longestSequence ? (nil, pending.count) : nil
    }
    let final = pending[end]
    guard (0x40...0x7e).contains(final) else { return (nil, end) }
    if final == UInt8(ascii: "~") {
      let number = pending[2..<end].prefix { (0x30...0x39).contains($0) }
      return (Self.byNumber[Int(String(decoding: number, as: UTF8.self)) ?? 0], end + 1)
    }
    return (Self.byLetter[final], end + 1)
  }

  private static let byLetter: [UInt8: ScreenKey] = [
    UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right,
    UInt8(ascii: "D"): .left, UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end,
    UInt8(ascii: "Z"): .backTab, UInt8(ascii: "M"): .enter,
  ]
  private static let byNumber: [Int: ScreenKey] = [
    1: .home, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
  ]
}
