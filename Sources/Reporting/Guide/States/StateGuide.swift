// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What each state of a TCP socket means on Linux, and who has to move for it to end.
package enum StateGuide {
  /// One paragraph of at most 400 characters; nil for a state that this program does not know.
  package static func text(for state: TCPState) -> String? {
    texts[state == .newSynRecv ? .synRecv : state]
  }

  private static let texts: [TCPState: String] = [
    .established: """
    The handshake is done, both sides may send. It ends when one side closes or resets. An idle \
    connection has no timeout unless the program has set SO_KEEPALIVE. Without a process it waits \
    in the accept queue of its listener.
    """,
    .synSent: """
    The program has called connect() and the SYN is out. The peer's kernel moves it, with a \
    SYN-ACK or a reset. Without an answer the kernel repeats the SYN tcp_syn_retries times (6: \
    about two minutes) and gives up. It holds a descriptor and a local port.
    """,
    .synRecv: """
    A SYN has arrived and the SYN-ACK is out. The peer's kernel moves it, with an ACK. Without \
    one the kernel repeats the SYN-ACK tcp_synack_retries times (5: about a minute) and drops \
    the entry. No process has it yet.
    """,
    .finWait1: """
    This side has closed first; its FIN is unacknowledged, or waits behind data that the peer \
    does not read. The peer's kernel moves it, with an ACK. After close() no process holds it \
    and the kernel gives up by itself.
    """,
    .finWait2: """
    This side has closed first and the peer's kernel has acknowledged. The peer's program moves \
    it, with close(). If no process here holds it, the kernel ends it after tcp_fin_timeout (60 \
    s). While a descriptor is open it has no timeout.
    """,
    .timeWait: """
    Both sides have closed, this one first. Nobody has to move: the kernel ends it after 60 s, \
    compiled in. It costs no descriptor. On a listener's port it is harmless; on outgoing \
    connections each keeps a local port to that destination.
    """,
    .close: """
    The connection is dead: reset, timed out, or never connected. It is in no table of the \
    kernel. If a descriptor is still open, the program has to close it; ss and netstat do not \
    show it.
    """,
    .closeWait: """
    The peer has closed and its FIN is here. Only the program on this side moves it, with \
    close(): there is no timer. It may still send, so for a while this can be right. Without a \
    process it waits in the accept queue of its listener.
    """,
    .lastAck: """
    The peer has closed first, then this side. Our FIN is unacknowledged. The peer's kernel \
    moves it, with an ACK. After close() no process holds it and the kernel gives up by itself, \
    after its retransmissions.
    """,
    .listen: """
    A program waits for connections. Its Recv-Q is the number of connections that wait for \
    accept(), its Send-Q their limit: min(listen() backlog, net.core.somaxconn). /proc/net/tcp \
    does not show the limit.
    """,
    .closing: """
    Both sides have closed at the same time: the peer's FIN is here, ours is unacknowledged. \
    The peer's kernel moves it, with an ACK; then comes TIME_WAIT. It is rare and short. Many \
    at once mean that packets are lost in one direction.
    """,
    .boundInactive: """
    The program has called bind() and neither listen() nor connect(). It holds a descriptor \
    and its local port. Only the program moves it.
    """,
  ]
}
