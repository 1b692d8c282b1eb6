// SPDX-License-Identifier: Apache-2.0

/// What the kernel's TCP settings do, and what they are wrongly believed to do.
package enum SysctlGuide {
  /// One setting.
  package struct Setting: Hashable, Sendable {
    /// As sysctl(8) takes it: `net.ipv4.tcp_fin_timeout`.
    package var name: String
    /// Whether each network namespace has its own value.
    package var isPerNamespace: Bool
    /// What it does, at most 250 characters.
    package var does: String
    /// What it does not do, at most 250 characters.
    package var doesNot: String
  }

  /// The settings that people reach for, by name.
  package static let settings: [Setting] = [
    Setting(
      name: "net.core.somaxconn", isPerNamespace: true,
      does: "Caps the accept queue: min(listen() backlog, somaxconn), taken at listen().",
      doesNot: "Changes no listener that is already there, and makes no program accept."),
    Setting(
      name: "net.ipv4.ip_local_port_range", isPerNamespace: true,
      does: """
        The ports that connect() and bind() to port 0 choose from. They limit the connections to \
        one destination address and port, not all connections together.
        """,
      doesNot: "Does not keep listeners out of the range: see ip_local_reserved_ports."),
    Setting(
      name: "net.ipv4.ip_local_reserved_ports", isPerNamespace: true,
      does: "Takes ports out of ip_local_port_range: connect() and bind() to port 0 skip them.",
      doesNot: "Does not keep a program from binding one of them by its number."),
    Setting(
      name: "net.ipv4.tcp_abort_on_overflow", isPerNamespace: true,
      does: "1: a full accept queue answers the last step of a handshake with a reset.",
      doesNot: """
        Does not make the program accept. With 0, the default, the client tries again, and gets \
        through when there is room.
        """),
    Setting(
      name: "net.ipv4.tcp_fin_timeout", isPerNamespace: true,
      does: "Ends FIN_WAIT2 sockets that no process holds any more, after this many seconds.",
      doesNot: """
        Does not shorten TIME_WAIT (60 s, compiled in), and never ends CLOSE_WAIT or a FIN_WAIT2 \
        with an open descriptor.
        """),
    Setting(
      name: "net.ipv4.tcp_keepalive_intvl", isPerNamespace: true,
      does: "Seconds from one unanswered keepalive probe to the next.",
      doesNot: "Has no effect without SO_KEEPALIVE, nor when the program sets TCP_KEEPINTVL."),
    Setting(
      name: "net.ipv4.tcp_keepalive_probes", isPerNamespace: true,
      does: "How many probes in a row stay unanswered before the connection is given up.",
      doesNot: "Ends no connection to a peer that answers, even if its program is stuck forever."),
    Setting(
      name: "net.ipv4.tcp_keepalive_time", isPerNamespace: true,
      does: "Seconds of silence before the first probe, on sockets with SO_KEEPALIVE.",
      doesNot: """
        Has no effect on other sockets. Closes no descriptor: a leaked CLOSE_WAIT that it kills \
        becomes a descriptor without a connection.
        """),
    Setting(
      name: "net.ipv4.tcp_max_orphans", isPerNamespace: false,
      does: "Caps the connections that programs have closed and the kernel still delivers.",
      doesNot: "Does not count TIME_WAIT, nor anything that a process holds."),
    Setting(
      name: "net.ipv4.tcp_max_syn_backlog", isPerNamespace: true,
      does: "Bounds handshakes that are not finished: SYN_RECV.",
      doesNot: "Does not lengthen the accept queue, whose handshakes are finished."),
    Setting(
      name: "net.ipv4.tcp_max_tw_buckets", isPerNamespace: true,
      does: """
        Caps the number of TIME_WAIT sockets. Above it connections end without TIME_WAIT, and \
        TCPTimeWaitOverflow counts them.
        """,
      doesNot: "Lowering it cures nothing: it only removes the protection of TIME_WAIT."),
    Setting(
      name: "net.ipv4.tcp_mem", isPerNamespace: false,
      does: "Low, pressure and high mark for the buffers of all TCP sockets, in pages.",
      doesNot: "Does not bound a single socket: that is tcp_rmem and tcp_wmem."),
    Setting(
      name: "net.ipv4.tcp_orphan_retries", isPerNamespace: true,
      does: "How often a closed connection repeats its FIN before it gives up. 0 stands for 8.",
      doesNot: "Does not act while a process holds the socket."),
    Setting(
      name: "net.ipv4.tcp_retries2", isPerNamespace: true,
      does: """
        How often unacknowledged data is sent again before the connection is given up. 15, the \
        default, is about 15 minutes.
        """,
      doesNot: "Ends no connection on which nothing waits to be acknowledged: see SO_KEEPALIVE."),
    Setting(
      name: "net.ipv4.tcp_syn_retries", isPerNamespace: true,
      does: "How often connect() repeats its SYN. 6 is about two minutes, 2 about 7 s.",
      doesNot: "Changes nothing for connections that are established."),
    Setting(
      name: "net.ipv4.tcp_synack_retries", isPerNamespace: true,
      does: "How often a SYN-ACK is repeated. 5 is about a minute, 2 about 7 s.",
      doesNot: "Does not help clients that the SYN-ACK does not reach."),
    Setting(
      name: "net.ipv4.tcp_syncookies", isPerNamespace: true,
      does: "1, the default: when handshakes overflow, answers without keeping an entry.",
      doesNot: "Does not help when it is the accept queue that is full."),
    Setting(
      name: "net.ipv4.tcp_tw_recycle", isPerNamespace: true,
      does: "Nothing: removed in Linux 4.12.",
      doesNot: "Was never safe: it dropped new connections of clients behind one NAT."),
    Setting(
      name: "net.ipv4.tcp_tw_reuse", isPerNamespace: true,
      does: """
        1: new outgoing connections may take a port whose TIME_WAIT is older than 1 s. 2, the \
        default: on loopback only. 0: never.
        """,
      doesNot: """
        Does not help servers, nor sockets that were bound before connect(), and does not reduce \
        the number of TIME_WAIT by itself.
        """),
  ]
}
