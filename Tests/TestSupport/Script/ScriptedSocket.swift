// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One socket of a ``HostScript``: where it leads, what becomes of it when, and who holds it.
///
/// All times are seconds of the story; 0 is its beginning.
package struct ScriptedSocket: Sendable {
  /// What the socket is from an instant on, until the next phase.
  package struct Phase: Sendable {
    package var at: Double
    package var state: TCPState
    package var unread: UInt32
    package var unsent: UInt32
  }

  /// A descriptor on it.
  package struct Hold: Sendable {
    package var pid: Int32
    package var fd: Int32?
    package var from: Double
    package var until: Double
  }

  package var local: Endpoint
  package var remote: Endpoint
  package var namespace = HostScript.own
  package var phases: [Phase] = []
  package var holds: [Hold] = []
  /// When its row leaves the table; a descriptor that stays longer is a dead socket.
  package var rowEnds = Double.infinity
  /// The limit of the accept queue, of a listener.
  package var queueLimit: UInt32 = 128
  /// A listener of several at one port, in whose queue none of those is that wait.
  package var isAccepting = false
  /// Data goes out all the time, and is acknowledged.
  package var isSending = false
  /// Data comes in all the time, and is read.
  package var isReceiving = false
  /// For how long after it came data moves on it, and how often it is used again after that.
  package var usedSeconds = 0.0
  package var usedAgainEvery = Double.infinity
  /// Something was sent, and nothing has come back; nothing since an answer, if there was one.
  package var isUnanswered = false
  /// What was asked over it has been answered.
  package var isAnswered = false
  /// So much was sent over it in all, and is acknowledged.
  package var answerBytes: UInt64 = 0
  package var hasKeepalive = false
  /// An MPTCP socket, from CLOSE_WAIT on: before that its subflow is there.
  package var isMPTCP = false
  /// What the kernel's counters tell of who opened it.
  package var opener: RowKnowledge = []
  /// What repeats is a probe of a closed window.
  package var isProbing = false
  /// What the other end has sent last came with its FIN.
  package var hasGoodbye = false
  /// Given by the script when 0.
  package var inode: UInt64 = 0
  package var cookie: UInt64 = 0

  private init(_ local: Endpoint, _ remote: Endpoint, _ pid: Int32?) {
    self.local = local
    self.remote = remote
    if let pid { holds = [Hold(pid: pid, fd: nil, from: -.infinity, until: .infinity)] }
  }

  /// A connection that came in on a port. Without a process it waits in the accept queue.
  package static func accepted(on port: UInt16, by pid: Int32?) -> Self {
    Self(Endpoint(HostScript.here, port), Endpoint(HostScript.elsewhere, 0), pid)
  }

  /// A connection to a port elsewhere.
  package static func opened(to port: UInt16, by pid: Int32?) -> Self {
    Self(Endpoint(HostScript.here, 0), Endpoint(HostScript.elsewhere, port), pid)
  }

  /// A connection with both ends given.
  package static func between(_ local: Endpoint, _ remote: Endpoint, by pid: Int32?) -> Self {
    Self(local, remote, pid)
  }

  /// It enters a state.
  ///
  /// - Parameter unread: Recv-Q: unread bytes, and 1 for a FIN that was not read.
  package func enters(
    _ state: TCPState, at second: Double, unread: UInt32 = 0, unsent: UInt32 = 0
  ) -> Self {
    changed { $0.phases.append(Phase(at: second, state: state, unread: unread, unsent: unsent)) }
  }

  /// Row and descriptors go together.
  package func leaves(at second: Double) -> Self {
    changed {
      $0.rowEnds = min($0.rowEnds, second)
      for index in $0.holds.indices { $0.holds[index].until = min($0.holds[index].until, second) }
    }
  }

  /// The row goes and the descriptors stay.
  package func dies(at second: Double) -> Self { changed { $0.rowEnds = second } }

  /// The descriptors go and the row stays: the kernel has it alone.
  package func isReleased(at second: Double) -> Self {
    changed {
      for index in $0.holds.indices { $0.holds[index].until = min($0.holds[index].until, second) }
    }
  }

  /// A further process holds it, for some time.
  package func isHeld(
    by pid: Int32, fd: Int32? = nil, from: Double = -.infinity, until: Double = .infinity
  ) -> Self {
    changed { $0.holds.append(Hold(pid: pid, fd: fd, from: from, until: until)) }
  }

  package func `in`(_ namespace: NetnsID) -> Self { changed { $0.namespace = namespace } }

  /// Changes anything else.
  package func changed(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  func phase(at second: Double) -> Phase? {
    second < rowEnds ? phases.last { $0.at <= second } : nil
  }

  func holds(at second: Double) -> [Hold] {
    guard let born = phases.first?.at, born <= second else { return [] }
    return holds.filter { $0.from <= second && second < $0.until }
  }

  /// Its row; nil while it has none.
  ///
  /// - Parameter awake: Seconds that the kernel counted between two instants: it does not count
  ///   while the host sleeps.
  func row(at second: Double, awake: (Double, Double) -> Double) -> SocketRow? {
    guard let phase = phase(at: second), let born = phases.first?.at else { return nil }
    var row = SocketRow()
    row.knowledge = [.cookie, .tcpInfo, .cgroup, .shutdown]
    row.cookie = cookie
    row.namespace = namespace
    (row.localAddress, row.localPort) = (local.address, local.port)
    (row.remoteAddress, row.remotePort) = (remote.address, remote.port)
    row.family = local.address.isIPv4 ? .ipv4 : .ipv6
    row.state = phase.state
    row.receiveQueue = phase.unread
    row.sendQueue = phase.unsent
    row.inode = holds(at: second).isEmpty || phase.state == .timeWait ? 0 : inode
    let elapsed = awake(phase.at, second)
    row.lastAckReceivedMilliseconds = UInt32(elapsed * 1000)
    row.lastDataReceivedMilliseconds = UInt32(silence(after: awake(born, second)) * 1000)
    row.lastDataSentMilliseconds = isSending ? 0 : row.lastDataReceivedMilliseconds
    if isSending { row.bytesAcked = UInt64(1 + awake(born, second) * 1_000_000) }
    if isUnanswered { row.bytesAcked = 401 }
    if isReceiving {
      row.lastDataReceivedMilliseconds = 0
      row.bytesReceived = UInt64(1 + awake(born, second) * 1_000_000)
    }
    if isAnswered { row.bytesReceived = 1000 }
    if answerBytes > 0 { row.bytesAcked = answerBytes }
    if isAnswered, isUnanswered, !isSending {
      row.lastDataSentMilliseconds = UInt32(max(0, Int(row.lastDataReceivedMilliseconds) - 10))
    }
    if hasKeepalive { (row.timer, row.timerMilliseconds) = (.keepalive, 5000) }
    switch phase.state {
    case .timeWait:
      guard elapsed < 60 else { return nil }
      (row.timer, row.timerMilliseconds) = (.timeWait, UInt32(60_000 - elapsed * 1000))
      row.knowledge = [.cookie]
    case .finWait2 where row.inode == 0:
      guard elapsed < 60 else { return nil }
      (row.timer, row.timerMilliseconds) = (.timeWait, UInt32(60_000 - elapsed * 1000))
      row.knowledge = [.cookie]
    case .finWait1, .lastAck, .closing, .synSent, .synRecv: Self.retransmit(&row, elapsed)
    case .listen:
      row.knowledge.insert(.acceptQueueLimit)
      row.sendQueue = queueLimit
      row.receiveQueue = isAccepting ? 0 : 1
    default: break
    }
    if isProbing { row.timer = .probe }
    if hasGoodbye, phase.state == .closeWait {
      row.lastDataReceivedMilliseconds = row.lastAckReceivedMilliseconds
    }
    if row.state == .established || row.state == .closeWait { row.knowledge.formUnion(opener) }
    return isMPTCP && row.state == .closeWait ? MPTCPRows.known(of: row) : row
  }

  /// For how long no byte has moved on a connection of some age.
  private func silence(after age: Double) -> Double {
    usedAgainEvery.isFinite
      ? age.truncatingRemainder(dividingBy: usedAgainEvery) : max(0, age - usedSeconds)
  }

  /// Retransmission after 1, 3, 7, 15... seconds.
  private static func retransmit(_ row: inout SocketRow, _ elapsed: Double) {
    var repetitions: UInt8 = 0
    var next = 1.0
    while next <= elapsed {
      repetitions += 1
      next = 2 * next + 1
    }
    row.timer = .retransmit
    row.retransmits = repetitions
    row.timerMilliseconds = UInt32((next - elapsed) * 1000)
    if row.sendQueue == 0 { row.sendQueue = 1 }
    row.knowledge.remove(.tcpInfo)
  }
}
