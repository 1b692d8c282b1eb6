// SPDX-License-Identifier: Apache-2.0

/// The headers of a file that says one in each line: `Name: value`. Empty lines and those that
/// begin with # are left out.
package struct HeaderLines: Sendable {
  /// In the order of the file.
  package private(set) var headers: [(name: String, value: String)] = []

  /// The most bytes of such a file. 16 kB: a token has a few hundred.
  package static let largest = 16_384
  private static let most = 64

  /// What is wrong, and in which line. It never has a value in it: they are secrets.
  package struct Mistake: Error, Hashable, Sendable {
    /// From 1; nil: it is about the whole.
    package var line: Int?
    package var problem: String
  }

  /// Headers that are closewatch's own to write.
  private static let own: Set<String> = [
    "connection", "content-encoding", "content-length", "content-type", "host",
    "transfer-encoding", "user-agent",
  ]

  /// - Throws: ``Mistake``: the first one.
  package init(_ bytes: [UInt8]) throws(Mistake) {
    guard bytes.count <= Self.largest else {
      throw Mistake(problem: "larger than \(Self.largest) bytes")
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let text = Self.trimmed(line)
      guard let first = text.first, first != UInt8(ascii: "#") else { continue }
      headers.append(try Self.header(text, line: index + 1))
    }
    guard headers.count <= Self.most else {
      throw Mistake(problem: "more than \(Self.most) headers")
    }
  }

  private static func header(
    _ text: ArraySlice<UInt8>, line: Int
  ) throws(Mistake) -> (name: String, value: String) {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
      throw Mistake(line: line, problem: "expected 'Name: value', found no colon")
    }
    let name = text[..<colon]
    guard !name.isEmpty, name.allSatisfy(isOfName) else {
      throw Mistake(
        line: line, problem: "expected a name of letters, digits and '-' before the colon")
    }
    let value = trimmed(text[text.index(after: colon)...])
    guard value.allSatisfy({ (0x20...0x7e).contains($0) || $0 == UInt8(ascii: "\t") }) else {
      throw Mistake(line: line, problem: "the value has a character that a header may not have")
    }
    let words = String(decoding: name, as: UTF8.self)
    guard !own.contains(words.lowercased()) else {
      throw Mistake(line: line, problem: "closewatch writes \(words) itself")
    }
    return (words, String(decoding: value, as: UTF8.self))
  }

  /// A token of RFC 9110 5.6.2.
  private static func isOfName(_ byte: UInt8) -> Bool {
    let letter = Character(Unicode.Scalar(byte))
    return letter.isASCII
      && (letter.isLetter || letter.isNumber || "!#$%&'*+-.^_`|~".contains(letter))
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0d].contains(byte) }
    var rest = text.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }
}
