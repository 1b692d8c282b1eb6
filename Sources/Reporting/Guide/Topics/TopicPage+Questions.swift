// SPDX-License-Identifier: Apache-2.0

/// The questions that every text about opening and closing asks, answered for Linux.
extension TopicPage {
  static let segments = TopicPage(
    "handshake",
    [
      "three-way handshake", "3-way handshake", "four-way handshake", "four-way close",
      "4-way close", "SYN", "SYN-ACK", "FIN", "ACK", "simultaneous close", "simultaneous open",
    ],
    "why it takes three segments to open, four to close",
    meaning: [
      """
      Three open: each side has to tell its first sequence number and to have it acknowledged. \
      That is four things; the server's SYN and its ACK go in one segment: SYN, SYN-ACK, ACK. The \
      third is needed because an old SYN from the network would otherwise open a connection that \
      the client knows nothing of.
      """,
      """
      Four close: each direction ends on its own. FIN says "I have nothing more to send"; the \
      other side may send on (half-closed), and its kernel acknowledges long before its program \
      calls close(). So FIN, ACK, and later FIN, ACK.
      """,
      """
      Three close: the other program calls close() before its kernel has sent the ACK (Linux may \
      delay it by 40 ms or more), and ACK and FIN travel together. FIN_WAIT2 is then skipped. Both \
      close at once: two FINs cross, both sides pass through CLOSING, and both end in TIME_WAIT.
      """,
      """
      Four open it when both sides call connect() to each other at once: the SYNs cross. One \
      segment ends it at any time: a reset. Then there is no TIME_WAIT, and what was in flight is \
      lost.
      """,
    ],
    sources: ["RFC 9293, 3.5 (opening), 3.6 (closing), 3.3.2 (the states)"],
    related: ["FIN_WAIT1", "CLOSING", "half-closed", "connection-reset-by-peer"])

  static let timeWaitLength = TopicPage(
    "2msl",
    ["MSL", "why TIME_WAIT", "TCP_TIMEWAIT_LEN", "time-wait-length", "60 seconds"],
    "why TIME_WAIT waits, and why for 60 s",
    meaning: [
      """
      The side that closes first sends the last ACK, and nobody acknowledges an ACK. First reason: \
      if it is lost, the peer repeats its FIN, and somebody has to be there to answer. Otherwise \
      the peer gets a reset where it should get an orderly end.
      """,
      """
      Second reason: a segment that was delayed on the way must not be taken for one of a new \
      connection between the same addresses and ports. After twice the longest life of a segment \
      (2 MSL) none is left.
      """,
      """
      The RFC assumes an MSL of 2 minutes, so 4 minutes. Linux waits 60 s, compiled in \
      (TCP_TIMEWAIT_LEN). No setting changes it: tcp_fin_timeout is also 60 s and is for \
      FIN_WAIT2. The shorter wait is safe because of timestamps: a segment older than the last one \
      seen is dropped (PAWS).
      """,
      """
      It costs a few hundred bytes, no descriptor and no process. On the side of a server any \
      number is harmless: a client that comes back with a newer SYN gets in at once. On the side \
      of a client each keeps its local port to that destination for 60 s.
      """,
    ],
    steps: ["See how many, and on which side:\nclosewatch sockets --state time-wait | head"],
    doesNotHelp: [
      FutileAdvice.finTimeoutTimeWait, FutileAdvice.lowerBuckets, FutileAdvice.timeWaitRecycle,
    ],
    sources: [
      "RFC 9293, 3.4.2 and 3.6.1; RFC 7323, 5 (PAWS); RFC 6191 (reuse); RFC 1337 (hazards)",
      "include/net/tcp.h, TCP_TIMEWAIT_LEN",
    ],
    related: ["TIME_WAIT", "tcp_tw_reuse", "time-wait-port-exhaustion"])

  static let halfClosed = TopicPage(
    "half-closed",
    ["half-close", "half-open", "shutdown", "SHUT_WR"],
    "one direction is closed, the other still works",
    meaning: [
      """
      Half-closed: one side has called shutdown(SHUT_WR): it has sent its FIN, sends nothing more \
      and still reads. It is in FIN_WAIT2, the other in CLOSE_WAIT, and that can be right for \
      hours: the request is sent, the answer is still to come (nc -N, ssh -L). Closing the \
      CLOSE_WAIT side then would lose the answer.
      """,
      """
      It is a leak when nothing flows any more and nobody ends it. closewatch looks at both ends \
      when both are on this host: who waits for whom.
      """,
      """
      Half-open is something else: one side has lost the connection (crash, reboot, a firewall \
      that forgot) and the other does not know. It stays ESTABLISHED forever if nobody sends. Only \
      data or keepalive finds out.
      """,
    ],
    steps: [
      "See both ends on this host:\nclosewatch sockets --state close-wait,fin-wait-2"
    ],
    doesNotHelp: [FutileAdvice.keepaliveHalfClosed],
    sources: ["RFC 9293, 3.6.1 (half-closed) and 3.5.1 (half-open); shutdown(2)"],
    related: ["FIN_WAIT2", "CLOSE_WAIT", "fin-wait-2-owned", "keepalive"])

  static let finWait2Stays = TopicPage(
    "fin-wait-2-stays",
    ["FIN_WAIT2 never ends", "FIN_WAIT2 forever", "stuck in FIN_WAIT2"],
    "what a FIN_WAIT2 that nobody ends means",
    meaning: [
      """
      There are two kinds. After close() no process holds it, and the kernel ends it after \
      tcp_fin_timeout (60 s), whatever the peer does. It shows the timer "timewait" in ss -o. Many \
      of these only mean that peers are slow to close.
      """,
      """
      After shutdown(SHUT_WR) with the descriptor kept open, there is no timer at all: it ends \
      when the peer closes or the program here does. One that stays has two faults: a peer that \
      does not close (its end is in CLOSE_WAIT: look there), and a program here that waits without \
      a timeout.
      """,
      """
      The fix here: after shutdown(), read with a timeout until the end of the stream, then \
      close(). The fix there: close() when read() returns 0.
      """,
    ],
    steps: [
      "See which have a process and no timer:\nss -tnop state fin-wait-2",
      "See the other end, if it is on this host:\nclosewatch triage",
    ],
    doesNotHelp: [FutileAdvice.finTimeoutOwned, FutileAdvice.keepaliveHalfClosed],
    sources: ["RFC 9293, 3.6; tcp(7), tcp_fin_timeout and TCP_LINGER2"],
    related: ["FIN_WAIT2", "fin-wait-2-owned", "half-closed", "tcp_fin_timeout"])
}
