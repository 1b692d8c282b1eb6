// SPDX-License-Identifier: Apache-2.0

/// What the process that names calls answers: text that whoever made the program may have chosen.
///
/// A line `S` begins a stack, in the order in which they were asked for; each line `F` is a call of
/// it, the innermost first, with its parts behind tabs: line, function, source, file of its code.
/// A line `C` says that the calls beyond these could not be found, a line `L` that they lie beyond
/// what was copied.
public struct NamedStacks {
  /// Frames of each stack; as many stacks as came whole.
  public private(set) var stacks: [[StackFrame]] = []

  /// Longest part of a line that is taken.
  private static let longestPart = 512
  private static let mostFrames = 256

  /// - Parameters:
  ///   - count: How many were asked for: no more are taken.
  ///   - isWhole: Whether the process came to its end; otherwise its last stack may be cut.
  public init(_ answer: [UInt8], count: Int, isWhole: Bool) {
    var stack: [StackFrame]?
    for line in answer.split(separator: UInt8(ascii: "\n")) {
      if line.elementsEqual("S".utf8) {
        if let stack, stacks.count < count { stacks.append(stack) }
        stack = []
      } else if line.elementsEqual("C".utf8) {
        // The innermost makes the system call, and may be a libc that is linked in.
        if stack?.dropFirst().contains(where: \.isOwn) == false { stack = [] }
      } else if line.elementsEqual("L".utf8) {
        if stack?.isEmpty == false { stack?.append(.beyondCopy) }
      } else if let frame = Self.frame(line), let known = stack, known.count < Self.mostFrames {
        stack?.append(frame)
      }
    }
    if isWhole, let stack, stacks.count < count { stacks.append(stack) }
  }

  private static func frame(_ line: ArraySlice<UInt8>) -> StackFrame? {
    let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].elementsEqual("F".utf8) else { return nil }
    let words = parts[1...].map { String(decoding: $0.prefix(longestPart), as: UTF8.self) }
    let function = words[1].isEmpty ? nil : words[1]
    let source = words[2].isEmpty ? nil : words[2]
    return StackFrame(
      function: function, file: source ?? (words[3].isEmpty ? nil : words[3]),
      line: Int(words[0]).flatMap { $0 > 0 ? $0 : nil },
      isOwn: OwnCode.isOwn(function: function, source: source, path: words[3]))
  }

  /// The line behind a stack that is cut.
  public static let cut = "C\n"

  /// The line behind one that is longer than its copy.
  public static let tooLong = "L\n"

  /// The line of a call, without what would break it.
  public static func line(
    function: String?, source: String?, line: Int?, path: String
  ) -> String {
    let parts = [line.map { String($0) } ?? "", function ?? "", source ?? "", path].map { part in
      String(decoding: part.utf8.lazy.map { $0 < 32 ? 63 : $0 }, as: UTF8.self)
    }
    return "F\t" + parts.joined(separator: "\t") + "\n"
  }
}
