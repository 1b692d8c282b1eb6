// SPDX-License-Identifier: Apache-2.0

/// One call of a stack that was seen in a program, named as far as the program tells.
///
/// What is nil is unknown: a stripped program has no functions, and machine code that was made at
/// run time has no file.
public struct StackFrame: Hashable, Sendable {
  /// As the language's own people write it: `main.handleUpload`, `Leak.handle`.
  public var function: String?
  /// Its source file as the program names it, or the file that its code is in.
  public var file: String?
  /// In the source file, from 1.
  public var line: Int?
  /// Whether it is code of the program's own authors: not of libc, a runtime, a framework or a
  /// standard library.
  public var isOwn: Bool

  /// A call of which nothing but `function` need be known.
  public init(
    function: String?, file: String? = nil, line: Int? = nil, isOwn: Bool = true
  ) {
    self.function = function
    self.file = file
    self.line = line
    self.isOwn = isOwn
  }

  /// How much of a stack is copied: `closewatch_trace_stack_bytes`.
  static let copied = "16 kB"

  /// What stands for the calls that lie beyond the copy of a stack.
  package static let beyondCopy = StackFrame(
    function: "[calls beyond the \(copied) that are copied of a stack]", isOwn: false)
}
