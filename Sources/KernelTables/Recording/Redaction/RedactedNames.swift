// SPDX-License-Identifier: Apache-2.0

/// Numbers the names of hosts and users in any text: `host-1`, `user-2`. Upper and lower case are
/// the same.
struct RedactedNames: Sendable {
  private struct Name: Sendable {
    var bytes: [UInt8]
    var replacement: String
  }

  /// By first byte, the longest first, so that of `db1` and `db1.example.com` the whole goes.
  private var names: [UInt8: [Name]] = [:]
  /// A shorter name is one only where it stands alone: `al` is in too many words.
  private static let shortest = 4
  /// The kernel cuts a command's name after so many bytes.
  private static let longestCommand = 15

  init(_ known: KnownNames) {
    add(known.hosts, as: "host")
    add(known.users, as: "user")
    for first in names.keys { names[first]?.sort { $0.bytes.count > $1.bytes.count } }
  }

  private mutating func add(_ texts: [String], as kind: String) {
    for (index, text) in texts.enumerated() {
      let bytes = text.utf8.map(Self.lowercased)
      guard let first = bytes.first else { continue }
      names[first, default: []].append(
        Name(bytes: bytes, replacement: "\(kind)-\(index + 1)"))
    }
  }

  func redacted(_ text: String) -> String {
    if names.isEmpty { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if let name = name(at: index, in: bytes) {
        result += name.replacement.utf8
        index += name.bytes.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// A command's name without the beginning of a name that the kernel cut off at its end.
  func cut(_ command: String) -> String {
    let bytes = command.utf8.map(Self.lowercased)
    guard bytes.count == Self.longestCommand else { return command }
    let starts = bytes.indices.dropLast(Self.shortest - 1)
      .filter { $0 == 0 || !Self.isWord(bytes[$0 - 1]) }
    for start in starts {
      let rest = bytes[start...]
      let name = (names[bytes[start]] ?? []).first {
        $0.bytes.count > rest.count && $0.bytes.starts(with: rest)
      }
      guard let name else { continue }
      return String(decoding: command.utf8.prefix(start), as: UTF8.self) + name.replacement
    }
    return command
  }

  private func name(at index: Int, in bytes: [UInt8]) -> Name? {
    names[Self.lowercased(bytes[index])]?.first { name in
      let end = index + name.bytes.count
      guard end <= bytes.count,
        bytes[index..<end].elementsEqual(name.bytes, by: { Self.lowercased($0) == $1 })
      else { return false }
      let isAlone =
        (index == 0 || !Self.isWord(bytes[index - 1]))
        && (end == bytes.count || !Self.isWord(bytes[end]))
      return isAlone || name.bytes.count >= Self.shortest
    }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...0xff:
      true
    default: false
    }
  }
}
