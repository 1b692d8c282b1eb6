// SPDX-License-Identifier: Apache-2.0

import Reporting

extension CodePath {
  /// Where somebody looks first: the innermost call of the program's own code, and the call that it
  /// made of the system. Where nothing is its own, the innermost call.
  func lead(calling usual: String, saying result: String) -> String {
    "\(Self.text(frames[leadIndex])) -> \(systemCall ?? usual)()\(result)"
  }

  /// The calls of its own code around that, the nearest first; nil when there are none. Where
  /// nothing is its own, the nearest that say which library or which loop it is.
  var callers: String? {
    guard lead.isOwn else {
      let loop = frames.firstIndex(where: EventLoop.has)
      let inner = frames[..<(loop.map { $0 + 1 } ?? frames.endIndex)].dropFirst()
      let named = inner.filter {
        $0.function != nil && $0 != .beyondCopy && systemCall(of: $0) == nil
      }
      let shown = (loop == nil ? named.prefix(3) : named.suffix(3)).map(Self.text)
      return shown.isEmpty ? nil : shown.joined(separator: " <- ")
    }
    let own = frames[(leadIndex + 1)...].filter(\.isOwn)
    guard !own.isEmpty else { return nil }
    let shown = own.prefix(Self.shownCallers).map(Self.text).joined(separator: " <- ")
    let rest = own.count - Self.shownCallers
    return rest > 0 ? "\(shown) <- \(Quantity.count(rest)) more" : shown
  }

  /// Why its outermost calls are missing; nil where none is.
  var lack: String? {
    isCut
      ? "The stack goes on beyond the \(StackFrame.copied) that are copied: what has called this"
        + " is not known."
      : nil
  }

  /// In one line, from the innermost call of its own code on.
  var line: String {
    [Self.text(frames[leadIndex]), callers].compactMap { $0 }.joined(separator: " <- ")
  }

  /// Deep enough to tell handlers apart that share a loop.
  private static let shownCallers = 6

  /// The innermost call of its own code, if it has any.
  var lead: StackFrame { frames[leadIndex] }

  private var leadIndex: Int { frames.firstIndex(where: \.isOwn) ?? 0 }

  /// The system call, as libc names it: what is innermost.
  private var systemCall: String? {
    frames.prefix(3).lazy.compactMap(systemCall).first
  }

  /// The system call that this is libc's function for; nil: none.
  func systemCall(of frame: StackFrame) -> String? {
    frame.function.map(Self.publicName).flatMap { Self.systemCalls.contains($0) ? $0 : nil }
  }

  private static let systemCalls: Set<String> = [
    "accept", "accept4", "connect", "io_uring_enter", "read", "readv", "recv", "recvfrom",
    "recvmmsg", "recvmsg",
  ]

  /// Of glibc's own name the one that programs call: `__GI___libc_recv`.
  private static func publicName(_ name: String) -> String {
    var rest = name[...]
    for prefix in ["__GI_", "__", "libc_", "_"] where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.utf8.count)
    }
    return String(rest.prefix { $0 != "@" })
  }

  /// `handle_upload app.c:11`; of a function without a name the file that its code is in.
  static func text(_ frame: StackFrame) -> String {
    let file = frame.file.map {
      UntrustedText.printable(String($0.split(separator: "/").last ?? ""))
    }
    guard let function = frame.function else {
      return "a function without a name in \(file ?? "?")"
    }
    let line = frame.line.map { ":\($0)" } ?? ""
    return UntrustedText.printable(function) + (file.map { " " + $0 } ?? "") + line
  }
}
