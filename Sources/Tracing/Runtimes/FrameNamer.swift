// SPDX-License-Identifier: Apache-2.0

/// A file whose code a program runs.
public struct CodeFile {
  /// As the program sees it.
  public var path: String
  /// In bytes.
  public var size: UInt64
  /// What an address in the program's memory is above the one that the file says.
  public var bias: UInt64
  /// That many bytes from there on; nil when it has not as many. What is in it is not to be
  /// trusted.
  public var read: (_ offset: UInt64, _ count: Int) -> [UInt8]?

  /// A file that is open somewhere else.
  public init(
    path: String, size: UInt64, bias: UInt64,
    read: @escaping (_ offset: UInt64, _ count: Int) -> [UInt8]?
  ) {
    self.path = path
    self.size = size
    self.bias = bias
    self.read = read
  }
}

/// Names calls of one file's code, better than its symbols and its DWARF do.
///
/// Asked in the process that has no rights: what is wrong with the file costs names only.
public protocol FrameNamer {
  /// The calls that the instruction belongs to, the innermost first; empty when it is not known.
  ///
  /// - Parameter address: As the file says it, without the bias.
  func frames(at address: UInt64) -> [StackFrame]
}

/// What the reader of an interpreter may see of a process.
public protocol ProcessMemory {
  /// That many bytes of the process from there on; nil when they are not there any more.
  func bytes(at address: UInt64, count: Int) -> [UInt8]?
}

/// One call of an interpreter, as the programs in the kernel have found it.
public struct InterpretedCall: Hashable, Sendable {
  /// Where what describes the code is in the memory of the process.
  public var code: UInt64
  /// The instruction that it was at.
  public var instruction: UInt64

  /// What was found of one call.
  public init(code: UInt64, instruction: UInt64) {
    self.code = code
    self.instruction = instruction
  }
}

/// Knows where an interpreter keeps its calls, and what they are named.
public protocol InterpreterReader {
  /// What the programs in the kernel have to know of this process, in the order in which they read
  /// it; at most 32 words.
  var layout: [UInt64] { get }
  /// Where the calls of a thread are, by what pthread_self(3) says in it: what the programs in the
  /// kernel find, found from here.
  func calls(ofThread identity: UInt64, in memory: any ProcessMemory) -> [InterpretedCall]
  /// The calls, the innermost first. Asked soon after they were seen.
  mutating func frames(
    of calls: [InterpretedCall], in memory: any ProcessMemory
  ) -> [StackFrame]
  /// Whom the program's event loops call for sockets, by their descriptors: those that are known.
  func handlers(
    of descriptors: Set<Int32>, in memory: any ProcessMemory
  ) -> [Int32: SocketSighting.Handler]
}
