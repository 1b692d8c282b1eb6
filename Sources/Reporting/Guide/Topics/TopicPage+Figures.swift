// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// What stands in the columns of ss and netstat, and on the pages of closewatch.
extension TopicPage {
  static let queues = TopicPage(
    "recv-q", ["send-q", "recvq", "sendq", "receive queue", "send queue", "queue", "queues"],
    "Recv-Q and Send-Q: what waits, by state",
    meaning: [
      """
      Of a connection, Recv-Q is what has arrived and the program here has not read, in bytes. It \
      stays high when the program is stuck or busy: look at its threads. Send-Q is what the \
      program has written and the peer's kernel has not acknowledged. It stays high when the peer \
      does not read (timer "persist" in ss -o), or when packets are lost (timer "on").
      """,
      """
      In CLOSE_WAIT the FIN counts as one byte. 0: the program has read the end of the stream, \
      only close() is missing. 1: nobody has read since the peer closed. More: input was never \
      read. That is why the number says where in the code to look.
      """,
      """
      Of a listener they count connections, not bytes: Recv-Q waits for accept(), Send-Q is the \
      limit. netstat and /proc/net/tcp always show 0 for the limit; ss shows it.
      """,
    ],
    steps: [
      "See the fullest: unread input, then unsent output.\n"
        + "ss -Htnp state connected | sort -rnk2 | head\n"
        + "ss -Htnp state connected | sort -rnk3 | head",
      "See the accept queues and their limits:\nss -ltnp",
    ],
    sources: ["ss(8); net/ipv4/tcp_diag.c, tcp_diag_get_info()"],
    related: ["CLOSE_WAIT", "ESTABLISHED", "LISTEN", "backlog"])

  static let backlog = TopicPage(
    "backlog",
    [
      "accept queue", "listen backlog", "listen queue", "unaccepted", "ListenOverflows",
      "ListenDrops", "listen queue overflow",
    ],
    "how many connections may wait for accept()",
    meaning: [
      """
      The kernel finishes handshakes by itself and puts the connections into the accept queue of \
      the listener. Its limit is the smaller of the backlog given to listen() and \
      net.core.somaxconn, and it holds one more than that. Such a connection is ESTABLISHED (or \
      CLOSE_WAIT, when the client gave up) and no process has it yet.
      """,
      """
      Full: the kernel drops the last ACK of the handshake and new SYNs. Clients hang in \
      connect(), or believe that they are connected and get no answer. ListenOverflows counts it, \
      for all listeners of the network namespace together.
      """,
      """
      A longer queue helps against a burst. It does not help when the program accepts slower than \
      clients come: then it only waits longer. A new value holds from the next listen(): restart.
      """,
    ],
    steps: [
      "See Recv-Q (waiting) and Send-Q (limit) of each listener:\nss -ltnp",
      "See whether connections are dropped now; run it twice:\n"
        + "nstat -asz TcpExtListenOverflows TcpExtListenDrops",
    ],
    doesNotHelp: [FutileAdvice.synBacklogAccept, FutileAdvice.longerAcceptQueue],
    sources: ["listen(2); net/ipv4/tcp_ipv4.c, tcp_v4_syn_recv_sock()"],
    related: ["accept-queue-stall", "LISTEN", "somaxconn", "tcp_abort_on_overflow"])

  private static let patience = Quantity.duration(RuleSettings().patienceSeconds)

  static let pending = TopicPage(
    "pending", ["firing", "resolved", "patience", "suspicious", "not yet judged"],
    "pending, firing, resolved: the life of a finding",
    meaning: [
      """
      Pending: closewatch sees it and has not watched it for long enough to call it a leak: the \
      patience of the rule, \(patience) for most. A busy server always has sockets that are about \
      to be closed. Firing: it has stayed, and is reported: journal, alerts, exit status. \
      Resolved: the sockets have gone, and have stayed away for a while.
      """,
      """
      The daemon has watched all along, so its answer is there at once. Without it, triage knows \
      only what it sees while it runs, and the age that the kernel tells of a socket: give it more \
      time with --for.
      """,
    ],
    steps: [
      "Watch for longer, without the daemon:\nclosewatch triage --for 3m",
      "See the patience of a rule, its thresholds, and why:\nclosewatch explain close-wait-leak",
    ],
    sources: ["closewatch-triage(1), closewatch.yaml(5)"],
    related: ["close-wait-leak", "close-wait-stuck"])

  private static let (critical, notice) = (
    Quantity.duration(RuleSettings().criticalHorizonSeconds),
    Quantity.duration(RuleSettings().noticeHorizonSeconds)
  )

  static let severity = TopicPage(
    "severity", ["critical", "warning", "notice", "growth", "runs out", "time left"],
    "critical, warning, notice: how bad it is",
    meaning: [
      """
      Critical: what it uses up has run out, or does within \(critical). Warning: that takes \
      longer, or it does not grow and stays. Notice: it can wait for working hours; at its present \
      growth it does no harm for more than \(notice).
      """,
      """
      GROWTH is how many more there are in a second, a minute or an hour, as far as they stay. \
      RUNS OUT IN is the rest of the limit divided by that: a range, as growth is known only so \
      exactly. A blank means that nothing was measured, not that nothing grows.
      """,
    ],
    steps: ["See why a finding has its severity:\nclosewatch triage -v"],
    sources: ["closewatch.yaml(5): rules.critical-horizon, rules.notice-horizon"],
    related: ["pending", "close-wait-leak", "descriptor-exhaustion"])

  static let root = TopicPage(
    "root", ["follows", "because of", "consequence", "root cause", "waits for"],
    "root and because of: what stands behind a finding",
    meaning: [
      """
      Root: what the program probably waits for, as its sockets show it: a backend that does not \
      answer, its own limit of clients, or that it has stopped reading on purpose. It is inferred, \
      and says so.
      """,
      """
      Because of: this finding would not be there without another one, such as clients that wait \
      for a server that does not accept. It stands below that one, alerts nobody and counts \
      neither in the exit status nor in totals.
      """,
    ],
    steps: ["Act on the one without a because of first; the others usually go with it."],
    sources: ["closewatch-triage(1)"],
    related: ["pending", "accept-queue-stall"])
}
