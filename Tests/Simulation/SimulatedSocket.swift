// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// One connection with a planned life, and the row that the kernel would show of it at any moment.
///
/// All times are kernel time: seconds that do not pass while the host is suspended.
package struct SimulatedSocket: Sendable {
  /// A stay in one state.
  package struct Phase: Sendable {
    var state: TCPState
    var from: Double
    var receiveQueue: UInt32 = 0
    var sendQueue: UInt32 = 0
    /// Whether no file refers to it (any more).
    var isOrphan = false

    init(
      _ state: TCPState, from: Double, receiveQueue: UInt32 = 0, sendQueue: UInt32 = 0,
      isOrphan: Bool = false
    ) {
      self.state = state
      self.from = from
      self.receiveQueue = receiveQueue
      self.sendQueue = sendQueue
      self.isOrphan = isOrphan
    }
  }

  /// The one or two stays that it is made of: without an array, of which every copy would be
  /// counted and every look would make many.
  package struct Phases: ExpressibleByArrayLiteral, Sendable {
    private var first: Phase?
    private var second: Phase?

    /// Without an array even while it is made: pools make one at every use.
    init(_ first: Phase, _ second: Phase? = nil) {
      self.first = first
      self.second = second
    }

    package init(arrayLiteral phases: Phase...) {
      precondition(phases.count <= 2, "a simulated socket has at most two phases")
      first = phases.first
      second = phases.count > 1 ? phases[1] : nil
    }

    subscript(position: Int) -> Phase {
      get {
        guard let phase = position == 0 ? first : second else {
          preconditionFailure("no such phase: \(position)")
        }
        return phase
      }
      set { if position == 0 { first = newValue } else { second = newValue } }
    }

    /// The newest that has begun.
    func at(_ now: Double) -> Phase? {
      if let second, second.from <= now { return second }
      guard let first, first.from <= now else { return nil }
      return first
    }
  }

  var number: UInt64
  /// An index into the processes of the host, or -1.
  var process: Int
  var namespace: NetnsID
  /// The listener's port, or the remote one of an outgoing connection.
  var port: UInt16
  var isInbound: Bool
  var clientPort: UInt16
  var phases: Phases
  /// When the row and the descriptor go.
  var endsAt: Double = .infinity
  /// When the row goes while the descriptor stays, until `endsAt`.
  var deadFrom: Double = .infinity
  /// Last data either way before the last phase.
  var lastDataAt: Double
  /// In CLOSE_WAIT or FIN_WAIT2, it goes on sending or receiving until then.
  var streamsUntil: Double = -.infinity
  /// Both ends are on this host, over its loopback.
  var isLoopback = false
  /// Our own keepalive, whose answers move the time of the last acknowledgement; 0 for none.
  var keepaliveSeconds = 0.0

  /// A pool has it back from then on, until the server closes it.
  mutating func giveBack(at instant: Double, closing end: Double, receiveQueue: UInt32) {
    lastDataAt = instant
    phases = .init(phases[0], .init(.closeWait, from: end, receiveQueue: receiveQueue))
  }

  /// Whether it has ended by then; what is over needs no memory.
  func isOver(at now: Double) -> Bool { now >= endsAt }
  func isDead(at now: Double) -> Bool { now >= deadFrom && now < endsAt }

  /// The phase that it is in; nil before the first and after the end.
  func phase(at now: Double) -> Phase? {
    guard now < endsAt, now < deadFrom else { return nil }
    return phases.at(now)
  }

  /// Whether a process has a descriptor of it.
  func isOpen(at now: Double) -> Bool {
    if isDead(at: now) { return true }
    return phase(at: now).map { !$0.isOrphan } ?? false
  }

  static let firstInode: UInt64 = 1_000_000
  var inode: UInt64 { Self.firstInode + number }

  private static let knowledge: RowKnowledge = [.cookie, .tcpInfo, .shutdown]
  private static let knowledgeOfMini: RowKnowledge = [.cookie, .shutdown]
  private static let ownAddress = IPAddress(ipv4: 0x0a00_0001)
  private static let loopback = IPAddress(ipv4: 0x7f00_0001)

  /// The row at `now`, in the phase that it is in then.
  func row(_ phase: Phase, at now: Double) -> SocketRow {
    var row = SocketRow()
    row.cookie = number
    row.knowledge = Self.knowledge
    row.namespace = namespace
    row.inode = phase.isOrphan ? 0 : inode
    row.state = phase.state
    row.receiveQueue = phase.receiveQueue
    row.sendQueue = phase.sendQueue
    row.localAddress = isLoopback ? Self.loopback : Self.ownAddress
    row.remoteAddress =
      isLoopback ? Self.loopback : IPAddress(ipv4: 0x0a01_0000 + UInt32(number % 7) + 1)
    row.localPort = isInbound ? port : clientPort
    row.remotePort = isInbound ? clientPort : port
    fillTimes(&row, phase, now)
    return row
  }

  private func fillTimes(_ row: inout SocketRow, _ phase: Phase, _ now: Double) {
    let inPhase = now - phase.from
    row.bytesAcked = 400
    row.bytesReceived = 801
    row.lastDataSentMilliseconds = milliseconds(now - lastDataAt + 0.05)
    row.lastDataReceivedMilliseconds = milliseconds(now - lastDataAt)
    row.lastAckReceivedMilliseconds = milliseconds(inPhase)
    switch phase.state {
    case _ where phase.isOrphan && (phase.state == .timeWait || phase.state == .finWait2):
      row.timer = .timeWait
      row.timerMilliseconds = milliseconds(max(0, 60 - inPhase))
      row.knowledge = Self.knowledgeOfMini
    case .finWait1, .lastAck, .closing:
      repeatTransmission(&row, inPhase, first: 0.2)
    case .synSent, .synRecv:
      repeatTransmission(&row, inPhase, first: 1)
    case .established:
      row.lastAckReceivedMilliseconds = row.lastDataReceivedMilliseconds
      startKeepalive(&row, since: lastDataAt, now)
    default:
      if phase.from < streamsUntil {
        let sent = min(now, streamsUntil)
        row.bytesAcked = 400 + UInt64(1000 * (sent - phase.from))
        row.lastDataSentMilliseconds = milliseconds(now - sent)
        row.lastAckReceivedMilliseconds = milliseconds(now - sent)
      }
      startKeepalive(&row, since: phase.from, now)
    }
  }

  private func startKeepalive(_ row: inout SocketRow, since start: Double, _ now: Double) {
    guard keepaliveSeconds > 0 else { return }
    let rest = (now - start).truncatingRemainder(dividingBy: keepaliveSeconds)
    row.timer = .keepalive
    row.timerMilliseconds = milliseconds(keepaliveSeconds - rest)
    row.lastAckReceivedMilliseconds = milliseconds(rest)
  }

  /// A segment that nobody answers: repeated after `first`, then after twice that, and so on.
  private func repeatTransmission(_ row: inout SocketRow, _ elapsed: Double, first: Double) {
    var interval = first
    var next = first
    var count: UInt8 = 0
    while next <= elapsed, count < 30 {
      interval = min(120, 2 * interval)
      next += interval
      count += 1
    }
    row.timer = .retransmit
    row.retransmits = count
    row.timerMilliseconds = milliseconds(next - elapsed)
    row.sendQueue = row.state == .synSent || row.state == .synRecv ? row.sendQueue : 1
  }

  private func milliseconds(_ seconds: Double) -> UInt32 {
    UInt32(clamping: Int64(max(0, seconds) * 1000))
  }
}
