// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A report as the file of a recording: its JSON has all that it says.
extension TraceReport {
  /// Without what could name people, machines or networks, and without folders of files.
  package func redacted(by redaction: inout Redaction) -> TraceReport {
    var outcome = outcome
    var record = ProcessRecord(id: ProcessID(pid: 0, startTicks: 0))
    record.unit = outcome.target.unit
    outcome.target.unit = redaction.redacted(record).unit
    for index in outcome.target.processes.indices {
      let process = outcome.target.processes[index]
      (record.command, record.main) = (process.command, process.main)
      let redacted = redaction.redacted(record)
      outcome.target.processes[index].command = redacted.command
      outcome.target.processes[index].main = redacted.main
    }
    outcome.sightings = [:]
    let groups = groups.map { group in
      var group = group
      Self.redact(&group.path, by: &redaction)
      if var opener = group.opener {
        Self.redact(&opener, by: &redaction)
        group.opener = opener
      }
      return group
    }
    return TraceReport(outcome, groups, unknown: unknown)
  }

  private static func redact(_ path: inout CodePath, by redaction: inout Redaction) {
    for index in path.frames.indices {
      let frame = path.frames[index]
      path.frames[index].file = frame.file.map { redaction.redacted(path: $0) }
      path.frames[index].function = frame.function.map { redaction.redacted(name: $0) }
    }
  }

  /// Reads what ``json`` has written. It may come from anybody.
  ///
  /// - Throws: ``DecodeError`` with the member that is not as it has to be.
  package init(recorded bytes: [UInt8]) throws(DecodeError) {
    let trace = Recorded(tree: try JSONTree(bytes), name: "a trace")
    guard try trace.integer("schema_version") == 1 else { throw trace.bad("schema_version") }
    let early = try trace.optional("early_end", TraceOutcome.EarlyEnd.init(rawValue:))
    var outcome = TraceOutcome(
      target: try Self.target(try trace.object("target")),
      watchedSeconds: try trace.number("watched_seconds"),
      accepted: trace.isNull("accepted") ? nil : try trace.integer("accepted"),
      connected: try trace.integer("connected"), closed: try trace.integer("closed"), stuck: [])
    outcome.earlyEnd = early
    outcome.loss = try Self.loss(try trace.object("loss"))
    var groups: [TraceGroup] = []
    for group in try trace.list("groups") { groups.append(try Self.group(group)) }
    var unknown: [Unknown: Int] = [:]
    for entry in try trace.list("unknown_by_reason") {
      guard let reason = try entry.optional("reason", Unknown.init(rawValue:)) else {
        throw entry.bad("reason")
      }
      unknown[reason] = try entry.integer("sockets")
    }
    if !outcome.isGone {
      let (stuck, dead) = (try trace.integer("stuck"), try trace.integer("dead"))
      let told = groups.reduce(0) { $0 + $1.sockets } + unknown.values.reduce(0, +)
      guard told == stuck, stuck <= 1 << 20 else { throw trace.bad("stuck") }
      guard dead <= stuck else { throw trace.bad("dead") }
      let waiting = StuckSocket(
        cookie: nil, state: .closeWait(unread: 0), wasStuckBefore: false)
      outcome.stuck = Array(repeating: waiting, count: stuck)
      for index in 0..<dead { outcome.stuck[index].state = .dead }
    }
    self.init(outcome, groups, unknown: unknown)
  }

  private static func target(_ target: Recorded) throws(DecodeError) -> TraceTarget {
    var processes: [TraceTarget.Process] = []
    for process in try target.list("processes") {
      guard let pid = Int32(exactly: try process.integer("pid")) else { throw process.bad("pid") }
      processes.append(
        TraceTarget.Process(
          pid: pid, command: try process.text("command") ?? "", main: try process.text("main")))
    }
    guard !processes.isEmpty else { throw target.bad("processes") }
    return TraceTarget(unit: try target.text("unit"), processes: processes)
  }

  private static func loss(_ recorded: Recorded) throws(DecodeError) -> TraceLoss {
    var loss = TraceLoss()
    loss.lost = UInt64(try recorded.integer("lost"))
    loss.interrupted = UInt64(try recorded.integer("interrupted"))
    loss.refused = UInt64(try recorded.integer("refused"))
    loss.skipped = UInt64(try recorded.integer("skipped"))
    loss.unread = UInt64(try recorded.integer("unread"))
    return loss
  }

  private static func group(_ group: Recorded) throws(DecodeError) -> TraceGroup {
    guard let kind = try group.optional("kind", TraceGroup.Kind.init(rawValue:)) else {
      throw group.bad("kind")
    }
    guard let path = try path(group.list("frames")) else { throw group.bad("frames") }
    var made = TraceGroup(
      kind: kind, path: path, errno: Int32(clamping: try group.integer("errno")),
      sockets: try group.integer("sockets"))
    made.opening = try group.optional("opening", SocketSighting.Opening.init(rawValue:))
    made.opener = try Self.path(group.list("opener"))
    made.hasUnread = try group.truth("has_unread")
    return made
  }

  private static func path(_ frames: [Recorded]) throws(DecodeError) -> CodePath? {
    var calls: [StackFrame] = []
    for frame in frames {
      let line = frame.isNull("line") ? nil : try frame.integer("line")
      calls.append(
        StackFrame(
          function: try frame.text("function"), file: try frame.text("file"), line: line,
          isOwn: try frame.truth("own")))
    }
    return CodePath(calls)
  }
}

/// Members of an object that somebody else may have written.
private struct Recorded {
  var tree: JSONTree
  var name: String

  /// A busy server closes millions of sockets in a minute.
  private static let most = 1 << 40

  func bad(_ member: String) -> DecodeError {
    guard let value = tree[member] else { return .missing(table: name, field: member) }
    return .badField(table: name, field: member, text: String("\(value)".prefix(60)))
  }

  func isNull(_ member: String) -> Bool { tree[member] == .null }

  /// A count.
  func integer(_ member: String) throws(DecodeError) -> Int {
    guard let number = tree[member]?.integer, (0...Self.most).contains(number) else {
      throw bad(member)
    }
    return number
  }

  func number(_ member: String) throws(DecodeError) -> Double {
    guard case .number(let number)? = tree[member], number >= 0, number < 1e9 else {
      throw bad(member)
    }
    return number
  }

  func truth(_ member: String) throws(DecodeError) -> Bool {
    guard let truth = tree[member]?.truth else { throw bad(member) }
    return truth
  }

  /// nil for null.
  func text(_ member: String) throws(DecodeError) -> String? {
    if isNull(member) { return nil }
    guard let text = tree[member]?.text else { throw bad(member) }
    return text
  }

  /// nil for null; a word that is not known is none.
  func optional<Value>(
    _ member: String, _ make: (String) -> Value?
  ) throws(DecodeError) -> Value? {
    guard let word = try text(member) else { return nil }
    guard let value = make(word) else { throw bad(member) }
    return value
  }

  func object(_ member: String) throws(DecodeError) -> Recorded {
    guard case .members? = tree[member], let tree = tree[member] else { throw bad(member) }
    return Recorded(tree: tree, name: member)
  }

  func list(_ member: String) throws(DecodeError) -> [Recorded] {
    guard let list = tree[member]?.list, list.count <= 65_536 else { throw bad(member) }
    return list.map { Recorded(tree: $0, name: member) }
  }
}
