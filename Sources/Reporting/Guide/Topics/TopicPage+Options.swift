// SPDX-License-Identifier: Apache-2.0

/// Options of a socket that people reach for, and what they really do on Linux.
extension TopicPage {
  static let keepalive = TopicPage(
    "keepalive",
    [
      "SO_KEEPALIVE", "TCP keepalive", "keep-alive", "TCP_KEEPIDLE", "TCP_KEEPINTVL",
      "TCP_KEEPCNT",
    ],
    "SO_KEEPALIVE: what it ends, and what it cannot",
    meaning: [
      """
      Off unless the program sets SO_KEEPALIVE on the socket; no sysctl turns it on. (Go turns it \
      on, with 15 s; most others do not.) When nothing has come for tcp_keepalive_time (2 hours), \
      the kernel sends an empty segment that has to be answered: tcp_keepalive_probes (9) times, \
      tcp_keepalive_intvl (75 s) apart. TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT set them for \
      one socket.
      """,
      """
      It finds out that the peer's host is gone: no answer ends the connection with ETIMEDOUT, a \
      host that has rebooted answers with a reset. It keeps the entry of a firewall or NAT alive, \
      if it is set shorter than their idle time.
      """,
      """
      It does not find out that the peer's program is stuck: the peer's kernel answers. It does \
      nothing while sent data waits for an ACK: tcp_retries2 and TCP_USER_TIMEOUT do that. And it \
      closes no descriptor: a leaked CLOSE_WAIT whose peer is gone becomes a dead socket that ss \
      does not show.
      """,
      """
      Keep-alive of HTTP is something else: the client may use the connection for its next \
      request. How long it stays open between two of them is a setting of the server.
      """,
    ],
    steps: [
      "See which connections have it on, and when the next probe comes:\n"
        + "ss -tnop state established | grep keepalive",
      "See the defaults of this host:\n"
        + "sysctl net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl\n"
        + "sysctl net.ipv4.tcp_keepalive_probes",
    ],
    doesNotHelp: [FutileAdvice.keepaliveCloseWait, FutileAdvice.keepaliveSysctl],
    sources: ["RFC 9293, 3.8.4; tcp(7); net/ipv4/tcp_timer.c, tcp_keepalive_timer()"],
    related: [
      "tcp_keepalive_time", "tcp_retries2", "established-idle-growth", "dead-socket-leak",
    ])

  static let linger = TopicPage(
    "linger", ["SO_LINGER", "SO_LINGER 0", "TCP_LINGER2", "linger 0", "abortive close"],
    "SO_LINGER: what close() does with what is unsent",
    meaning: [
      """
      Off, the default: close() returns at once, and the kernel goes on to deliver what is unsent, \
      then the FIN. Nothing is lost unless the kernel gives up or the peer resets.
      """,
      """
      On with a time: close() waits until all is acknowledged or the time is over, also on a \
      non-blocking socket. After that the kernel goes on by itself. When a process ends without \
      close(), it does not wait.
      """,
      """
      On with 0: close() throws away what is unsent and sends a reset. There is no FIN_WAIT and no \
      TIME_WAIT; the peer reads ECONNRESET and can lose data that had already arrived there. Right \
      for a connection that is broken anyway, wrong as a cure for TIME_WAIT.
      """,
      """
      It acts in close() only: where close() is never called, it does nothing. TCP_LINGER2 is \
      tcp_fin_timeout for one socket: how long FIN_WAIT2 lasts after close(). Negative: not at \
      all.
      """,
    ],
    doesNotHelp: [FutileAdvice.lingerZero, FutileAdvice.lingerZeroTimeWait],
    sources: ["socket(7), tcp(7); RFC 9293, 3.6; net/ipv4/tcp.c, __tcp_close()"],
    related: ["TIME_WAIT", "connection-reset-by-peer", "tcp_fin_timeout"])
}
