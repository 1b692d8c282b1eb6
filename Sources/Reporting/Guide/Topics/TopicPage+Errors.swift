// SPDX-License-Identifier: Apache-2.0

/// What programs and the kernel write into their logs.
extension TopicPage {
  static let tooManyOpenFiles = TopicPage(
    "too-many-open-files",
    ["EMFILE", "ENFILE", "Too many open files in system", "nofile", "RLIMIT_NOFILE", "ulimit -n"],
    "EMFILE: a process is at its limit of open files",
    meaning: [
      """
      EMFILE, "Too many open files": the process has as many descriptors open as its own limit \
      (RLIMIT_NOFILE) allows. accept(), socket(), open() and pipe() fail until it closes some. \
      Connections that it cannot accept stay in the queue of the listener, so that clients hang \
      instead of being refused, and an event loop often spins at 100 % CPU.
      """,
      """
      ENFILE, "Too many open files in system", is another limit: that of the whole host, \
      fs.file-max. It is rare: look for the process with the most descriptors.
      """,
      """
      Raising the limit is right when the program really needs that many at once. If the number \
      grows with the time it runs and not with its load, something is never closed.
      """,
    ],
    steps: [
      "See who is near its limit, and what fills it:\nclosewatch triage",
      "See the limit and the number of one process:\n"
        + "grep 'open files' /proc/PID/limits\nls /proc/PID/fd | wc -l",
      "See what they are: sockets, files, pipes.\n"
        + "ls -l /proc/PID/fd | awk '{print $NF}' | sed 's/:.*//' | sort |\nuniq -c | sort -rn",
      "Buy time, without a restart:\nprlimit --pid PID --nofile=LIMIT:LIMIT",
      "Permanently, if it needs that many: LimitNOFILE= in the unit of the service. ulimit -n "
        + "changes the shell that you type it in, and what it starts.",
    ],
    doesNotHelp: [FutileAdvice.moreDescriptors, FutileAdvice.destroyKeepsDescriptor],
    sources: ["getrlimit(2), accept(2), proc_sys_fs(5)"],
    related: ["descriptor-exhaustion", "close-wait-leak", "dead-socket-leak"])

  static let cannotAssignAddress = TopicPage(
    "address-not-available",
    [
      "EADDRNOTAVAIL", "Cannot assign requested address", "Can't assign requested address",
      "port exhaustion", "ephemeral ports",
    ],
    "EADDRNOTAVAIL: no local port left, or wrong IP",
    meaning: [
      """
      From connect(): every local port of ip_local_port_range (28,232 by default) is taken towards \
      this one destination address and port, mostly by TIME_WAIT: a new connection for each \
      request, closed by this side. Other destinations still work. The fix is to keep connections \
      open and reuse them.
      """,
      """
      From bind(): the address is not one of this host (yet): a floating address that is on the \
      other node, an interface that is not up, or an address of the host inside a container.
      """,
    ],
    steps: [
      "See which destination took the ports, and who opens them:\nclosewatch triage",
      "Count the local ports in use for each destination:\n"
        + "ss -Htan | awk '$1 != \"LISTEN\" {print $5}' | sort | uniq -c | sort -rn | head",
      "See the range, and what is taken out of it:\n"
        + "sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports",
      "Buy time: a wider range, if no listener has its port there:\n"
        + "sysctl -w net.ipv4.ip_local_port_range='15000 64999'",
      "From bind(): see whether the address is here:\nip -brief address",
    ],
    doesNotHelp: [FutileAdvice.finTimeoutTimeWait, FutileAdvice.timeWaitReuseDefault],
    sources: ["connect(2), bind(2), ip(7)"],
    related: [
      "time-wait-port-exhaustion", "ephemeral-port-exhaustion", "TIME_WAIT", "ip_local_port_range",
      "tcp_tw_reuse",
    ])

  static let addressInUse = TopicPage(
    "address-already-in-use",
    ["EADDRINUSE", "bind failed", "port in use", "port already in use", "SO_REUSEADDR"],
    "EADDRINUSE: something has this local port",
    meaning: [
      """
      bind() or listen() wants a local port that another socket has. Mostly it is a listener: the \
      old process has not ended yet, or a child that inherited the descriptor lives on.
      """,
      """
      Without a listener it is a connection with that local port, often in TIME_WAIT after a \
      restart, and the program does not set SO_REUSEADDR before bind(). On Linux it has to be set \
      on both: on the old sockets and on the new one. It never lets two programs listen on the \
      same address and port: that is SO_REUSEPORT.
      """,
      """
      A port from ip_local_port_range can also be taken by an outgoing connection at the time the \
      server starts. Reserve it: net.ipv4.ip_local_reserved_ports.
      """,
    ],
    steps: [
      "See who listens there:\nss -ltnp '( sport = :PORT )'",
      "See connections with this local port:\nss -tanp '( sport = :PORT )'",
    ],
    doesNotHelp: [FutileAdvice.finTimeoutTimeWait],
    sources: ["bind(2), socket(7), ip(7)"],
    related: ["TIME_WAIT", "LISTEN", "ip_local_reserved_ports"])

  static let connectionReset = TopicPage(
    "connection-reset-by-peer",
    ["ECONNRESET", "connection reset", "RST", "reset", "EPIPE", "broken pipe", "SIGPIPE"],
    "ECONNRESET, RST: the other end aborted",
    meaning: [
      """
      A segment with RST has arrived: the connection is over at once, what was in flight is lost, \
      and there is no TIME_WAIT. The next recv() fails with ECONNRESET, a send() after that with \
      EPIPE ("Broken pipe", and SIGPIPE unless it is ignored). The row is gone from every table; \
      the descriptor stays open until the program closes it.
      """,
      """
      Who sends it: a kernel that does not know the connection (the peer has rebooted, or a \
      firewall, NAT or load balancer has dropped it after its idle time). A program that calls \
      close() with input unread, or with SO_LINGER and a time of 0, or that is killed with input \
      unread. A full accept queue with tcp_abort_on_overflow=1. ss -K, closewatch release.
      """,
      """
      Resets on connections that were idle: something between has a shorter idle time than the \
      pool. Let the pool end them first. Resets in answer to the first bytes: a full queue, or a \
      program that closes without reading.
      """,
    ],
    steps: [
      "See how many this host sends and gets; run it twice:\n"
        + "nstat -asz TcpOutRsts TcpEstabResets TcpExtTCPAbortOnClose TcpExtTCPAbortOnData",
      "See who sends them:\ntcpdump -ni any 'tcp[tcpflags] & tcp-rst != 0'",
      "See descriptors that were left on connections that are dead:\nclosewatch sockets --dead",
    ],
    sources: ["RFC 9293, 3.5.2 and 3.6.1; RFC 2525, 2.17"],
    related: ["dead-socket-leak", "CLOSE", "linger", "tcp_abort_on_overflow"])

  static let connectionRefused = TopicPage(
    "connection-refused", ["ECONNREFUSED"],
    "ECONNREFUSED: nobody listens there",
    meaning: [
      """
      The SYN was answered with a reset: the host is there and nothing listens on that address and \
      port. The program is down or not up yet, listens on 127.0.0.1 or on IPv6 only, or a firewall \
      rejects. A full accept queue does not refuse: connect() then hangs.
      """
    ],
    steps: ["On the server, see what listens, and on which address:\nss -ltnp"],
    sources: ["RFC 9293, 3.5.2; connect(2)"],
    related: ["LISTEN", "backlog", "connection-timed-out"])

  static let connectionTimedOut = TopicPage(
    "connection-timed-out", ["ETIMEDOUT", "TCP_USER_TIMEOUT"],
    "ETIMEDOUT: no answer for as long as a timer allows",
    meaning: [
      """
      From connect(): no answer to the SYN, about two minutes by default (tcp_syn_retries). The \
      host is down, a firewall drops, or the accept queue there is full.
      """,
      """
      On an established connection: data was sent again for about 15 minutes without an ACK \
      (tcp_retries2; TCP_USER_TIMEOUT sets it for one socket), or keepalive probes were not \
      answered. The connection is dead then; the descriptor stays until the program closes it.
      """,
    ],
    steps: ["See connects that wait for an answer, and to whom:\nss -tnop state syn-sent"],
    sources: ["RFC 9293, 3.8.3; tcp(7)"],
    related: ["SYN_SENT", "syn-sent-pileup", "tcp_retries2", "keepalive"])

  static let synFlooding = TopicPage(
    "syn-flooding",
    ["possible SYN flooding", "SYN flood", "Sending cookies", "SYN cookies"],
    "\"Possible SYN flooding on port\", in the kernel log",
    meaning: [
      """
      As many handshakes are unfinished (SYN_RECV) as the backlog of that listener. The kernel \
      goes on without keeping an entry for each (SYN cookies): clients hardly notice. It says so \
      once for each listener, so one line can stand for weeks.
      """,
      """
      It need not be an attack. A small backlog and a burst of clients do it, as after a restart. \
      So do SYN-ACKs that do not get back: wrong route, firewall. A flood has many sources that \
      nobody knows, and ACKs that never come.
      """,
    ],
    steps: [
      "See how many, and from where:\n"
        + "ss -Htn state syn-recv | awk '{print $4}' | sed 's/:[0-9]*$//' | sort | uniq -c |\n"
        + "sort -rn | head",
      "See the backlog (Send-Q) of the listener, and whether its queue is full (Recv-Q):\n"
        + "ss -ltn '( sport = :PORT )'",
      "See whether it still goes on; run it twice:\n"
        + "nstat -asz TcpExtTCPReqQFullDoCookies TcpExtListenOverflows TcpExtListenDrops",
    ],
    doesNotHelp: [FutileAdvice.finTimeoutHandshake],
    sources: ["RFC 4987; net/ipv4/tcp_input.c, tcp_syn_flood_action()"],
    related: ["syn-recv-pileup", "backlog", "tcp_syncookies", "tcp_max_syn_backlog"])

  static let orphan = TopicPage(
    "orphan",
    [
      "orphans", "orphaned sockets", "too many orphaned sockets",
      "out of memory -- consider tuning",
    ],
    "closed by the program, not yet by the kernel",
    meaning: [
      """
      The program has called close() (or has ended), and the kernel still has data or the FIN to \
      deliver. No process holds it and it costs no descriptor; it costs memory. It is in \
      FIN_WAIT1, LAST_ACK or CLOSING, or in FIN_WAIT2 for tcp_fin_timeout. The kernel ends it by \
      itself: after tcp_orphan_retries without an answer.
      """,
      """
      "Too many orphaned sockets" in the kernel log: more than tcp_max_orphans, for the whole \
      host. New orphans are then reset, and their data is lost. Mostly clients have vanished or do \
      not read what they asked for.
      """,
    ],
    steps: [
      "See how many (orphan), and the limit:\n"
        + "cat /proc/net/sockstat\nsysctl net.ipv4.tcp_max_orphans",
      "See those that closewatch finds no process for:\nclosewatch sockets --unowned",
    ],
    doesNotHelp: [FutileAdvice.restartUnheld, FutileAdvice.moreDescriptorsUnheld],
    sources: ["tcp(7); net/ipv4/tcp.c, tcp_close()"],
    related: ["orphan-pressure", "FIN_WAIT1", "LAST_ACK", "tcp_orphan_retries", "tcp_max_orphans"])
}
