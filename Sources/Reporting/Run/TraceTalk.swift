// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// What `closewatch run` and the tracer that it starts say to each other: lines whose parts stand
/// behind tabs.
package enum TraceTalk {
  /// What `run` asks.
  package enum Question: Hashable, Sendable {
    /// Where this socket is; of one that is not dead with what is unread of it.
    case socket(cookie: UInt64, unread: UInt32?)
    /// To be answered for the sockets since the last such line.
    case answer(number: Int)

    package var line: String {
      switch self {
      case .socket(let cookie, let unread):
        TraceTalk.line(["socket", "\(cookie)", unread.map { "\($0)" } ?? ""])
      case .answer(let number): TraceTalk.line(["answer", "\(number)"])
      }
    }

    /// - Returns: nil for what is no question.
    package init?(_ line: String) {
      let parts = TraceTalk.parts(line)
      if parts.count == 3, parts[0] == "socket", let cookie = UInt64(parts[1]) {
        self = .socket(cookie: cookie, unread: UInt32(parts[2]))
      } else if parts.count == 2, parts[0] == "answer", let number = Int(parts[1]) {
        self = .answer(number: number)
      } else {
        return nil
      }
    }
  }

  /// What the tracer says.
  package enum Answer: Hashable, Sendable {
    /// It watches.
    case ready
    /// It cannot, and why.
    case refused(String)
    /// Where a socket is; nothing that comes later says it better where that is `final`.
    case place(cookie: UInt64, CodePlace, isFinal: Bool)
    /// All of a question is answered; how many processes could not be followed by then.
    case answered(number: Int, unfollowed: Int)

    package var line: String {
      switch self {
      case .ready: TraceTalk.line(["ready"])
      case .refused(let reason): TraceTalk.line(["refused", reason])
      case .place(let cookie, let place, let isFinal):
        TraceTalk.line([
          "place", "\(cookie)", isFinal ? "final" : "", place.kind ?? "", place.function ?? "",
          place.file ?? "", place.line.map { "\($0)" } ?? "", place.words,
        ])
      case .answered(let number, let unfollowed):
        TraceTalk.line(["answered", "\(number)", "\(unfollowed)"])
      }
    }

    /// - Returns: nil for what is no answer.
    package init?(_ line: String) {
      let parts = TraceTalk.parts(line)
      func text(_ index: Int) -> String? { parts[index].isEmpty ? nil : String(parts[index]) }
      switch (parts.first, parts.count) {
      case ("ready", 1): self = .ready
      case ("refused", 2): self = .refused(String(parts[1]))
      case ("place", 8):
        guard let cookie = UInt64(parts[1]), let words = text(7) else { return nil }
        var place = CodePlace(unknownBecause: words)
        place.kind = text(3)
        place.function = text(4)
        place.file = text(5)
        place.line = Int(parts[6])
        self = .place(cookie: cookie, place, isFinal: parts[2] == "final")
      case ("answered", 3):
        guard let number = Int(parts[1]), let unfollowed = Int(parts[2]) else { return nil }
        self = .answered(number: number, unfollowed: unfollowed)
      default: return nil
      }
    }
  }

  /// Names of functions and files are chosen by whoever made the program.
  private static func line(_ parts: [String]) -> String {
    let clean = parts.map { part in
      String(decoding: part.utf8.lazy.map { $0 < 32 ? 63 : $0 }, as: UTF8.self)
    }
    return clean.joined(separator: "\t") + "\n"
  }

  private static func parts(_ line: String) -> [Substring] {
    line.split(separator: "\t", omittingEmptySubsequences: false)
  }

  /// Lines out of pieces.
  package struct Lines: Sendable {
    private var rest: [UInt8] = []
    /// No line of either is half as long.
    private static let longest = 1 << 16

    package init() {}

    /// The lines that end in a piece; nil when what came is no such talk.
    package mutating func take(_ bytes: some Collection<UInt8>) -> [String]? {
      rest += bytes
      var lines = rest.split(separator: 10, omittingEmptySubsequences: false)
      rest = Array(lines.removeLast())
      return rest.count > Self.longest ? nil : lines.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
