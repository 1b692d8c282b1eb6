// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct SocketAgeTests {
  private func row(
    _ state: TCPState, sent: UInt32 = 0, received: UInt32 = 0, ack: UInt32 = 0,
    timer: SocketTimer = .none, left: UInt32 = 0, retransmits: UInt8 = 0, sendQueue: UInt32 = 0,
    bytesAcked: UInt64 = 4096, knowledge: RowKnowledge = [.cookie, .tcpInfo]
  ) -> SocketRow {
    var row = SocketRow()
    row.state = state
    row.lastDataSentMilliseconds = sent
    row.lastDataReceivedMilliseconds = received
    row.lastAckReceivedMilliseconds = ack
    row.timer = timer
    row.timerMilliseconds = left
    row.retransmits = retransmits
    row.sendQueue = sendQueue
    row.bytesAcked = bytesAcked
    row.knowledge = knowledge
    return row
  }

  private func exact(_ seconds: Double) -> Age { Age(seconds: seconds, bound: .exact) }
  private func atLeast(_ seconds: Double) -> Age { Age(seconds: seconds, bound: .atLeast) }

  @Test func `CLOSE_WAIT of a connection that was idle before the FIN is exact`() {
    let idle = row(.closeWait, sent: 8000, received: 8000, ack: 5004)
    #expect(idle.age() == exact(5.004))
  }

  @Test func `CLOSE_WAIT whose FIN came with the last data is exact although keepalive runs`() {
    let socket = row(.closeWait, sent: 5010, received: 5004, ack: 5004, timer: .keepalive)
    #expect(socket.age() == exact(5.004))
  }

  @Test func `CLOSE_WAIT that answered after the FIN over a slow link is only a bound`() {
    // Sent 2 s after the FIN, acknowledged 20 ms later: sent before the ACK, and yet not exact.
    let socket = row(.closeWait, sent: 3020, received: 7980, ack: 3000)
    #expect(socket.age() == atLeast(3))
  }

  @Test func `CLOSE_WAIT that never sent anything is exact at once`() {
    let socket = row(.closeWait, sent: 100, received: 100, ack: 50, bytesAcked: 0)
    #expect(socket.age() == exact(0.05))
  }

  @Test(arguments: [SocketTimer.keepalive, .probe, .retransmit])
  func `CLOSE_WAIT with a timer of ours is only a bound`(timer: SocketTimer) {
    let socket = row(.closeWait, sent: 8000, received: 8000, ack: 928, timer: timer)
    #expect(socket.age() == atLeast(0.928))
  }

  @Test func `CLOSE_WAIT with unacknowledged bytes is only a bound`() {
    let socket = row(.closeWait, sent: 8000, received: 8000, ack: 928, sendQueue: 1)
    #expect(socket.age() == atLeast(0.928))
  }

  @Test func `what can have wrapped after 49.7 days of uptime is only a bound`() {
    let socket = row(.closeWait, sent: 8000, received: 8000, ack: 5004)
    let young = BootInstant(seconds: 4_294_967)
    let old = BootInstant(seconds: 4_294_968)
    #expect(socket.age(takenAt: young) == exact(5.004))
    #expect(socket.age(takenAt: old) == atLeast(5.004))
    let timeWait = row(.timeWait, timer: .timeWait, left: 58000, knowledge: .cookie)
    #expect(timeWait.age(takenAt: old) == exact(2))
  }

  @Test func `without tcp_info CLOSE_WAIT has no age`() {
    let socket = row(.closeWait, knowledge: [])
    #expect(socket.age() == .unknown)
  }

  @Test func `an owned FIN_WAIT2 counts from the acknowledgement of its FIN`() {
    let socket = row(.finWait2, sent: 8000, received: 8000, ack: 4996)
    #expect(socket.age() == exact(4.996))
  }

  @Test func `an owned FIN_WAIT2 that got data since, or keeps alive, is only a bound`() {
    let got = row(.finWait2, sent: 8000, received: 1000, ack: 1000)
    #expect(got.age() == atLeast(1))
    let keeps = row(.finWait2, sent: 8000, received: 8000, ack: 500, timer: .keepalive)
    #expect(keeps.age() == atLeast(0.5))
  }

  @Test func `TIME_WAIT is 60 s less its timer`() {
    let socket = row(.timeWait, timer: .timeWait, left: 58000, knowledge: [])
    #expect(socket.age() == exact(2))
  }

  @Test func `an orphan in FIN_WAIT2 has no age, since nobody shows its whole life`() {
    let socket = row(.finWait2, timer: .timeWait, left: 29_500, knowledge: .cookie)
    #expect(socket.age() == .unknown)
  }

  @Test func `a timer longer than the whole life says nothing`() {
    let timeWait = row(.timeWait, timer: .timeWait, left: 60001, knowledge: .cookie)
    #expect(timeWait.age() == .unknown)
  }

  @Test(arguments: [TCPState.finWait1, .lastAck, .closing])
  func `a close that repeats its FIN alone has a lower bound`(state: TCPState) {
    let socket = row(
      state, ack: 90_000, timer: .retransmit, left: 8000, retransmits: 3, sendQueue: 1)
    #expect(socket.age() == atLeast(7))
  }

  @Test(arguments: [TCPState.finWait1, .lastAck, .closing])
  func `a close that also repeats data, or nothing, has no age`(state: TCPState) {
    let data = row(state, timer: .retransmit, left: 8000, retransmits: 3, sendQueue: 2)
    #expect(data.age() == .unknown)
    let first = row(state, timer: .retransmit, left: 200, retransmits: 0, sendQueue: 1)
    #expect(first.age() == .unknown)
    let probe = row(state, timer: .probe, left: 8000, retransmits: 3, sendQueue: 1)
    #expect(probe.age() == .unknown)
  }

  @Test(arguments: [TCPState.synSent, .synRecv])
  func `a handshake that was repeated has a lower bound`(state: TCPState) {
    let socket = row(state, timer: .retransmit, left: 4000, retransmits: 1, knowledge: .cookie)
    #expect(socket.age() == atLeast(2))
  }

  @Test(arguments: [TCPState.established, .listen, .close])
  func `how long a connection was idle is no age of its state`(state: TCPState) {
    let socket = row(state, sent: 8000, received: 8000, ack: 5004)
    #expect(socket.age() == .unknown)
  }
}
