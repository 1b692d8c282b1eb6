// SPDX-License-Identifier: Apache-2.0

/// An answer of the daemon, as it comes over the control socket.
package struct ControlAnswer: Equatable {
  /// The header that carries ``exitStatus``, in lower case. Without it the answer is another
  /// program's.
  package static let exitHeader = "closewatch-exit"

  /// Of HTTP.
  package var status: Int
  /// What the command has to end with.
  package var exitStatus: Int32
  package var body: [UInt8]
  /// The daemon is well and has no time yet: worth another question.
  package var isBusy: Bool

  /// - Returns: nil when these bytes are not a whole answer of a closewatch daemon.
  package init?(_ bytes: [UInt8]) {
    guard let end = Self.endOfHead(bytes) else { return nil }
    let lines = String(decoding: bytes[..<end].filter { $0 != 13 }, as: UTF8.self)
      .split(separator: "\n")
    guard let first = lines.first?.split(separator: " "), first.count >= 2,
      first[0] == "HTTP/1.1", let status = Int(first[1])
    else { return nil }
    var headers: [String: Substring] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].drop { $0 == " " }
    }
    body = Array(bytes[(end + 4)...])
    guard let length = headers["content-length"].flatMap({ Int($0) }), length == body.count,
      let exitStatus = headers[Self.exitHeader].flatMap({ Int32($0) }), (0...2).contains(exitStatus)
    else { return nil }
    isBusy = status == 503 && headers["retry-after"] != nil
    self.status = status
    self.exitStatus = exitStatus
  }

  /// Where the empty line begins.
  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    let mark: [UInt8] = [13, 10, 13, 10]
    guard bytes.count >= mark.count else { return nil }
    return bytes.indices.dropLast(mark.count - 1).first { start in
      bytes[start] == 13 && bytes[start..<(start + 4)].elementsEqual(mark)
    }
  }
}
