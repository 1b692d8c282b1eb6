// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One step in the life of a TCP socket on Linux: from where, to where, what makes it happen, and
/// whose move it is.
package struct StateTransition: Hashable, Sendable {
  /// Whose move it is.
  package enum Mover: String, Hashable, Sendable, CaseIterable {
    case program = "the program here"
    case peerProgram = "the peer's program"
    case peerKernel = "the peer's kernel"
    case timer = "a timer of this kernel"
  }

  /// nil: the socket did not exist.
  package var from: TCPState?
  /// nil: the socket is gone.
  package var to: TCPState?
  package var mover: Mover
  /// What happens, without a full stop.
  package var event: String

  private init(_ from: TCPState?, _ to: TCPState?, _ mover: Mover, _ event: String) {
    self.from = from
    self.to = to
    self.mover = mover
    self.event = event
  }

  /// Every step, in the order of a life. A reset can end any of them: ``ofReset``.
  ///
  /// Source: tcp_rcv_state_process, tcp_fin, tcp_close, tcp_write_timeout of `net/ipv4`.
  package static let all: [StateTransition] = [
    StateTransition(nil, .synSent, .program, "connect() sends a SYN"),
    StateTransition(nil, .listen, .program, "listen()"),
    StateTransition(
      .listen, .synRecv, .peerProgram,
      "a SYN comes: a new entry; the listener itself stays in LISTEN"),
    StateTransition(
      .listen, nil, .program, "close(): connections that were not accepted are reset"),
    StateTransition(.synSent, .established, .peerKernel, "the SYN-ACK comes"),
    StateTransition(
      .synSent, .synRecv, .peerProgram, "its SYN comes at the same time (simultaneous open)"),
    StateTransition(.synSent, .close, .peerKernel, "a reset: connection refused"),
    StateTransition(.synSent, .close, .timer, "no answer after tcp_syn_retries repeats"),
    StateTransition(
      .synRecv, .established, .peerKernel,
      "the ACK comes: it waits in the accept queue until accept()"),
    StateTransition(.synRecv, nil, .timer, "no ACK after tcp_synack_retries repeats"),
    StateTransition(
      .established, .finWait1, .program, "close() or shutdown(SHUT_WR) here first"),
    StateTransition(.established, .closeWait, .peerProgram, "the peer closes first: its FIN comes"),
    StateTransition(.finWait1, .finWait2, .peerKernel, "the ACK of our FIN comes"),
    StateTransition(
      .finWait1, .closing, .peerProgram, "its FIN crosses ours (simultaneous close)"),
    StateTransition(.finWait1, .timeWait, .peerProgram, "its FIN comes together with the ACK"),
    StateTransition(
      .finWait1, nil, .timer, "no ACK: given up after tcp_orphan_retries, when closed here"),
    StateTransition(.finWait2, .timeWait, .peerProgram, "it closes too: its FIN comes"),
    StateTransition(
      .finWait2, nil, .timer, "tcp_fin_timeout is over, and no process holds it"),
    StateTransition(.closing, .timeWait, .peerKernel, "the ACK of our FIN comes"),
    StateTransition(.closing, nil, .timer, "no ACK: given up after tcp_orphan_retries"),
    StateTransition(.timeWait, nil, .timer, "60 s are over, compiled into the kernel"),
    StateTransition(.closeWait, .lastAck, .program, "close() or shutdown(SHUT_WR) sends our FIN"),
    StateTransition(
      .closeWait, nil, .program, "close() with input unread sends a reset instead of a FIN"),
    StateTransition(.lastAck, nil, .peerKernel, "the ACK of our FIN comes"),
    StateTransition(.lastAck, nil, .timer, "no ACK: given up after tcp_orphan_retries"),
    StateTransition(.close, nil, .program, "close() gives the descriptor back"),
  ]

  /// What is true of every state with a connection.
  package static let ofReset = """
    A reset from the peer, and a keepalive or data that nobody acknowledges, end a connection from \
    any state: the row is gone at once. Where a process holds a descriptor, the descriptor stays \
    (CLOSE) until the program closes it.
    """

  /// The steps that lead to `state`.
  package static func into(_ state: TCPState) -> [StateTransition] { all.filter { $0.to == state } }

  /// The steps that lead out of `state`.
  package static func out(of state: TCPState) -> [StateTransition] {
    all.filter { $0.from == state }
  }
}
