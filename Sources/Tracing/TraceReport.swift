// SPDX-License-Identifier: Apache-2.0

/// Sockets that are stuck by the same code path.
public struct TraceGroup: Hashable, Sendable {
  /// What is known of them, the most telling first.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Where the program was told of the end.
    case endOfStream = "end-of-stream"
    /// What the program has listen to the end, and was called.
    case endListener = "end-listener"
    /// Where the task waits that handles them; an event loop was told of the end.
    case waitingTask = "waiting-task"
    /// What the task was that handled them; an event loop was told of the end.
    case endedTask = "ended-task"
    /// Where they were read last; nobody has read the rest.
    case lastRead = "last-read"
    /// Where they were opened; nobody has read them.
    case opened
  }

  /// What ``path`` is the place of.
  public var kind: Kind
  /// Where it happened; of ``Kind/endListener`` the listeners, none of which calls another.
  public var path: CodePath
  /// Of an end: 0, or the errno of what broke the connection.
  public var errno: Int32
  /// How they were opened, and where as far as that is known.
  public var opening: SocketSighting.Opening?
  /// Where they were opened; nil when that is not known.
  public var opener: CodePath?
  /// Whether something is left to read. Where nothing is, the last read of some has taken the end
  /// together with the last bytes.
  public var hasUnread = true
  /// How many.
  public var sockets: Int
}

/// Of the sockets that are stuck at the end of a watch, which code path knew of them last.
public struct TraceReport: Sendable {
  /// Why nothing is known of a socket.
  public enum Unknown: String, Hashable, Sendable, CaseIterable {
    /// It was stuck before the watch began.
    case stuckBefore = "stuck-before"
    /// It was there before the watch began, or came with it, and nobody has read it since.
    case neverRead = "never-read"
    /// Its end has been read, by what a trace does not see.
    case readUnseen = "read-unseen"
    /// It was seen, and the calls could not be read.
    case unreadable
    /// Events were missed: its may be among them.
    case missed
  }

  /// What the watch has brought.
  public let outcome: TraceOutcome
  /// The largest first.
  public let groups: [TraceGroup]
  /// How many, by the reason.
  public let unknown: [Unknown: Int]

  /// Groups what is stuck. A socket is only ever told by what was seen of itself: two handlers on
  /// the same way through a library look alike, and one of them may be innocent.
  public init(_ outcome: TraceOutcome) {
    self.outcome = outcome
    var found: [GroupKey: TraceGroup] = [:]
    var unknown: [Unknown: Int] = [:]
    for socket in outcome.stuck {
      let sighting = socket.cookie.flatMap { outcome.sightings[$0] }
      if let group = Self.group(of: socket, sighting, outcome.loss) {
        found[GroupKey(group), default: group].sockets += 1
      } else {
        unknown[Self.reason(socket, sighting, outcome.loss), default: 0] += 1
      }
    }
    self.unknown = unknown
    groups = found.values.sorted { Self.sortKey($0) < Self.sortKey($1) }
  }

  /// One that was grouped before.
  init(_ outcome: TraceOutcome, _ groups: [TraceGroup], unknown: [Unknown: Int]) {
    self.outcome = outcome
    self.groups = groups
    self.unknown = unknown
  }

  /// What a person is told of a group. Its own code makes it: a runtime comes to one and the same
  /// line on many ways.
  private struct GroupKey: Hashable {
    var kind: TraceGroup.Kind
    var path: [StackFrame]
    var errno: Int32
    var opening: SocketSighting.Opening?
    var opener: [StackFrame]?
    var hasUnread: Bool

    init(_ group: TraceGroup) {
      kind = group.kind
      path = group.path.own
      errno = group.errno
      opening = group.opening
      opener = group.opener?.own
      hasUnread = group.hasUnread
    }
  }

  /// Sockets of which a code path is known.
  public var known: Int { groups.reduce(0) { $0 + $1.sockets } }

  static func group(
    of socket: StuckSocket, _ sighting: SocketSighting?, _ loss: TraceLoss
  ) -> TraceGroup? {
    guard let sighting else { return nil }
    func group(_ kind: TraceGroup.Kind, _ path: CodePath, errno: Int32 = 0) -> TraceGroup {
      TraceGroup(
        kind: kind, path: path, errno: errno, opening: sighting.opening,
        opener: kind == .opened ? nil : sighting.opener, sockets: 0)
    }
    // The runtime's loop reads for all: who it tells says more than where that is. What broke a
    // connection is told of instead, and who has read by himself.
    if sighting.end?.errno ?? 0 == 0, sighting.end?.path?.lead.isOwn != true {
      if let path = CodePath(sighting.endListeners) { return group(.endListener, path) }
      if let task = sighting.task {
        return group(task.hasEnded ? .endedTask : .waitingTask, task.path)
      }
    }
    if let end = sighting.end {
      return end.path.map { group(.endOfStream, $0, errno: end.errno) }
    }
    if sighting.wasRead {
      // Of a read that was interrupted nothing is known, not even that it was.
      guard loss.interrupted == 0, let path = sighting.lastRead else { return nil }
      guard socket.state == .closeWait(unread: 0) else { return group(.lastRead, path) }
      // A read that brings the last bytes takes a FIN that is there already along with them: no
      // other call says so.
      guard loss.lost == 0 else { return nil }
      var last = group(.lastRead, path)
      last.hasUnread = false
      return last
    }
    // Nothing is left to read, so somebody has read after what was seen.
    if socket.state == .closeWait(unread: 0) || loss.total > 0 { return nil }
    return sighting.opener.map { group(.opened, $0) }
  }

  static func reason(
    _ socket: StuckSocket, _ sighting: SocketSighting?, _ loss: TraceLoss
  ) -> Unknown {
    if sighting?.end != nil { return .unreadable }
    if socket.wasStuckBefore { return .stuckBefore }
    if loss.total > 0 || socket.cookie == nil { return .missed }
    if sighting?.wasRead == true { return .unreadable }
    return socket.state == .closeWait(unread: 0) ? .readUnseen : .neverRead
  }

  /// The largest first; of equals the most telling, and then by their words.
  private static func sortKey(_ group: TraceGroup) -> (Int, Int, String) {
    let rank = TraceGroup.Kind.allCases.firstIndex(of: group.kind) ?? 0
    let words = (group.path.frames + (group.opener?.frames ?? [])).map {
      "\($0.function ?? "") \($0.file ?? ""):\($0.line ?? 0)"
    }
    return (-group.sockets, rank, words.joined(separator: " "))
  }
}
