// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Where a thread was: its calls, the innermost first.
public struct CodePath: Hashable, Sendable {
  /// Never empty.
  public var frames: [StackFrame]

  /// Of a program that has its libc linked in, the system call is in its own file: it is libc's
  /// all the same.
  ///
  /// - Returns: nil for no calls: then nothing is known of the place.
  public init?(_ frames: [StackFrame]) {
    guard let innermost = frames.first else { return nil }
    self.frames = frames
    if innermost.line == nil, systemCall(of: innermost) != nil { self.frames[0].isOwn = false }
    if isOfEventLoop { for index in frames.indices { self.frames[index].isOwn = false } }
  }

  /// Whether a framework's loop did it, and called nobody: whoever has called the loop has nothing
  /// to do with one socket of many.
  var isOfEventLoop: Bool {
    let lead = frames.firstIndex(where: \.isOwn) ?? frames.endIndex
    return frames[..<lead].contains(where: EventLoop.has)
  }

  /// Whether its outermost calls lie beyond the copy of the stack.
  var isCut: Bool { frames.last == .beyondCopy }

  /// Its own code's calls; all where none is its own.
  var own: [StackFrame] {
    let own = frames.filter(\.isOwn)
    return own.isEmpty ? frames : own
  }
}

/// What was seen of one socket while its process was watched.
public struct SocketSighting: Hashable, Sendable {
  /// How a program came by a socket.
  public enum Opening: String, Hashable, Sendable {
    case connected, accepted
  }

  /// What a read said at the end.
  public struct End: Hashable, Sendable {
    /// 0 for the end of the stream; otherwise the errno of what broke it.
    public var errno: Int32
    /// Who read it.
    public var thread: Int32 = 0
    /// Whose thread that is.
    public var process: Int32 = 0
    /// Where it was read; nil when the copy of the stack could not be read.
    public var path: CodePath?

    /// A read at its place.
    public init(errno: Int32, path: CodePath?, thread: Int32 = 0, process: Int32 = 0) {
      self.errno = errno
      self.thread = thread
      self.process = process
      self.path = path
    }
  }

  /// What handles a socket for an event loop, on whose stack it is not.
  public struct Task: Hashable, Sendable {
    /// Where it waits; of one that has ended, what it was.
    public var path: CodePath
    /// Whether it has come to its end.
    public var hasEnded: Bool

    /// What was found of it.
    public init(path: CodePath, hasEnded: Bool) {
      self.path = path
      self.hasEnded = hasEnded
    }
  }

  /// Whom an event loop calls for a socket.
  public enum Handler: Hashable, Sendable {
    /// What is called at the end of the stream.
    case listener(StackFrame)
    /// Nobody of the program's own, but there is a task.
    case task(Task)
  }

  /// nil: it was there before the watch, or its opening was not watched.
  public var opening: Opening?
  /// Where it was opened; nil when that is not known.
  public var opener: CodePath?
  /// nil: nobody was told of the end while it was watched.
  public var end: End?
  /// What the program has listen to its end, and was called for it; siblings, as none calls the
  /// other. Empty where nobody was asked.
  public var endListeners: [StackFrame] = []
  /// What handles it, where an event loop has read its end; nil where that is not known.
  public var task: Task?
  /// Whether something was read of it.
  public var wasRead = false
  /// Where it was read last; nil when that is not known.
  public var lastRead: CodePath?

  /// Nothing seen yet.
  public init() {}
}

/// A socket that is stuck at the end of a watch.
public struct StuckSocket: Hashable, Sendable {
  /// How it is stuck.
  public enum State: Hashable, Sendable {
    /// In CLOSE_WAIT, with so many bytes unread; a FIN that was not read counts as one.
    case closeWait(unread: UInt32)
    /// Reset or timed out, under an open descriptor.
    case dead
  }

  /// What ss calls sk; nil where the kernel would not tell.
  public var cookie: UInt64?
  /// How it is stuck.
  public var state: State
  /// Whether it was so already when the watch began.
  public var wasStuckBefore: Bool
  /// The other end; nil when that is not known any more.
  package var peer: Endpoint?
  /// This end.
  package var localPort: UInt16?
  /// Who has it, and by which descriptor; of several, one.
  package var holder: Holder?

  package struct Holder: Hashable, Sendable {
    package var process: ProcessID
    package var descriptor: Int32
    package var inode: UInt64

    package init(process: ProcessID, descriptor: Int32, inode: UInt64) {
      self.process = process
      self.descriptor = descriptor
      self.inode = inode
    }
  }

  /// A socket of the last look.
  public init(cookie: UInt64?, state: State, wasStuckBefore: Bool) {
    self.cookie = cookie
    self.state = state
    self.wasStuckBefore = wasStuckBefore
  }
}

/// What a watch has missed.
public struct TraceLoss: Hashable, Sendable {
  /// Events that found no room on their way.
  public var lost: UInt64 = 0
  /// Events that the kernel did not tell, because it was in the middle of telling another's.
  public var interrupted: UInt64 = 0
  /// Sockets that could not be followed: as many as there is room for were.
  public var refused: UInt64 = 0
  /// Events beyond what may be copied in a second.
  public var skipped: UInt64 = 0
  /// Stacks that were copied, and could not be read in time.
  public var unread: UInt64 = 0

  /// Nothing missed.
  public init() {}

  /// All of it.
  public var total: UInt64 { lost + interrupted + refused + skipped + unread }
}
