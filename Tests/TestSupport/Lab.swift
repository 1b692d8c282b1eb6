// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A running laboratory (`Tests/SocketLab`): sockets of a known kind in a network namespace of
/// their own, and what is true of them.
package struct Lab {
  /// Which addresses the connections have; `mapped`: IPv4 clients of a dual-stack IPv6 listener.
  package enum Path: String, CaseIterable, Sendable { case ipv4, ipv6, mapped }

  /// What a queue must hold.
  package enum Queue: Equatable { case exactly(UInt32), moreThanOne }

  /// A row that must be in the table, once.
  package struct Row {
    package var family: AddressFamily
    package var local: Endpoint
    package var remote: Endpoint
    package var state: TCPState
    /// 0: no file refers to it.
    package var inode: UInt64
    /// 0: the laboratory has no descriptor to ask with.
    package var cookie: UInt64
    /// It got into its state between these two; nil when the laboratory does not know.
    package var since: ClosedRange<BootInstant>?
    package var receiveQueue: Queue?
    package var sendQueue: Queue?
    /// LISTEN only.
    package var acceptQueueLimit: UInt32?
    /// Whether `tcp_info` has enough to tell the age exactly; nil when the scenario leaves it open.
    package var hasExactAge: Bool?
  }

  /// A reference from a process of the laboratory to one of the sockets.
  package struct Holder: Hashable, CustomStringConvertible {
    package var inode: UInt64
    package var pid: Int32
    package var fd: Int32
    package var table: SocketHolder.Table
    package init(inode: UInt64, pid: Int32, fd: Int32, table: SocketHolder.Table = .process) {
      self.inode = inode
      self.pid = pid
      self.fd = fd
      self.table = table
    }
    package var description: String { "inode \(inode): pid \(pid) fd \(fd) \(table)" }
  }

  /// A process that the laboratory has started.
  package struct Member: Hashable {
    package var pid: Int32
    package var parent: Int32
    package var command: String
  }

  package private(set) var pid: Int32 = 0
  package private(set) var namespace = NetnsID(rawValue: 0)
  package private(set) var rows: [Row] = []
  package private(set) var holders: [Holder] = []
  package private(set) var deadSockets: [Holder] = []
  /// Living sockets of a namespace that no process is in.
  package private(set) var foreign: [Holder] = []
  package private(set) var members: [Member] = []
  /// Sockets that were sent over a unix socket and not received.
  package private(set) var descriptorsInFlight = 0
  /// A process in a second namespace.
  package private(set) var foreignMember: Int32?
  private let program: ChildProgram

  /// Starts a scenario, hands it over when it stands, and ends it.
  package static func with<Result>(
    _ scenario: String, _ path: Path = .ipv4, count: Int, _ body: (Lab) throws -> Result
  ) throws -> Result {
    let program = try ChildProgram(
      ChildProgram.built("SocketLab"), [scenario, path.rawValue, String(count)])
    defer { program.end() }
    return try body(Lab(scenario, program))
  }

  /// Sends a command to the scenario and returns its answer.
  package func ask(_ command: String) throws -> String? {
    program.send(command)
    return try program.readLine()
  }

  private init(_ scenario: String, _ program: ChildProgram) throws {
    self.program = program
    while let line = try program.readLine() {
      if line == "ready" { return }
      try take(line, of: scenario)
    }
    throw ChildProgram.Failure("the laboratory's \(scenario) ended before it was ready")
  }

  private mutating func take(_ line: String, of scenario: String) throws {
    let fact = try LabFact(line)
    switch fact.kind {
    case "lab":
      pid = try fact.number("pid")
      namespace = NetnsID(rawValue: try fact.number("netns"))
    case "socket": rows.append(try row(fact))
    case "holder": holders.append(try holder(fact))
    case "dead": deadSockets.append(try holder(fact))
    case "foreign": foreign.append(try holder(fact))
    case "process":
      members.append(
        Member(
          pid: try fact.number("pid"), parent: try fact.number("parent"),
          command: try fact.text("command")))
    case "in-flight": descriptorsInFlight = try fact.number("count")
    case "member": foreignMember = try fact.number("pid")
    default: throw ChildProgram.Failure("the laboratory's \(scenario): \(line)")
    }
  }

  private func row(_ fact: LabFact) throws -> Row {
    let family: UInt8 = try fact.number("family")
    let from: Int64 = try fact.number("from")
    let to: Int64 = try fact.number("to")
    guard let family = AddressFamily(rawValue: family),
      let state = TCPState(named: try fact.text("state"))
    else { throw ChildProgram.Failure("not a row: \(fact)") }
    return Row(
      family: family, local: try fact.endpoint("local"), remote: try fact.endpoint("remote"),
      state: state, inode: try fact.number("inode"), cookie: try fact.number("cookie"),
      since: from == 0
        ? nil : BootInstant(nanoseconds: from)...BootInstant(nanoseconds: to),
      receiveQueue: try fact.queue("recvq"), sendQueue: try fact.queue("sendq"),
      acceptQueueLimit: fact.has("limit") ? try fact.number("limit") : nil,
      hasExactAge: fact.has("age") ? try fact.text("age") == "exact" : nil)
  }

  private func holder(_ fact: LabFact) throws -> Holder {
    var table = SocketHolder.Table.process
    if fact.kind == "holder" {
      let name = try fact.text("table")
      if name == "ring" { table = .ioUring }
      if name.hasPrefix("thread:") {
        guard let thread = Int32(name.dropFirst(7)) else {
          throw ChildProgram.Failure("not a thread: \(name)")
        }
        table = .thread(thread)
      }
    }
    return Holder(
      inode: try fact.number("inode"), pid: try fact.number("pid"), fd: try fact.number("fd"),
      table: table)
  }
}
