// SPDX-License-Identifier: Apache-2.0

/// What people try in vain, with the mechanism. Each `why` is a fact of Linux, not an opinion.
enum FutileAdvice {
  /// For CLOSE_WAIT.
  static let finTimeoutCloseWait = Futile(
    "Lowering net.ipv4.tcp_fin_timeout",
    why: """
      It ends FIN_WAIT2 sockets that no process holds any more. CLOSE_WAIT has no timer in the \
      kernel at all.
      """)
  /// For FIN_WAIT2 that a process holds.
  static let finTimeoutOwned = Futile(
    "Lowering net.ipv4.tcp_fin_timeout",
    why: """
      It acts on orphans only. While a descriptor is open, FIN_WAIT2 has no timer and stays forever.
      """)
  /// For TIME_WAIT.
  static let finTimeoutTimeWait = Futile(
    "Lowering net.ipv4.tcp_fin_timeout",
    why: """
      TIME_WAIT lasts 60 s, compiled into the kernel. This setting bounds orphaned FIN_WAIT2, \
      another state.
      """)
  /// For FIN_WAIT1, LAST_ACK and CLOSING.
  static let finTimeoutUnacknowledged = Futile(
    "Lowering net.ipv4.tcp_fin_timeout",
    why: "It counts from FIN_WAIT2, when our FIN has been acknowledged. Here it has not been.")
  /// For SYN_SENT and SYN_RECV.
  static let finTimeoutHandshake = Futile(
    "Lowering net.ipv4.tcp_fin_timeout",
    why: "It applies after a FIN. These connections have not even begun.")
  /// For CLOSE_WAIT.
  static let keepaliveCloseWait = Futile(
    "Turning on or shortening TCP keepalive",
    why: """
      Once the peer's kernel has forgotten the connection, the probe draws a reset. The row \
      goes, the descriptor stays: the same leak, now invisible to ss. A peer that answers \
      changes nothing.
      """)
  /// For descriptors without a connection.
  static let keepaliveDeadSocket = Futile(
    "Turning on or shortening TCP keepalive",
    why: "It kills connections, it does not close descriptors. It makes more of these.")
  /// For FIN_WAIT2 that a process holds.
  static let keepaliveHalfClosed = Futile(
    "Turning on or shortening TCP keepalive",
    why: "A live peer answers the probes, even when its program never closes.")
  /// For SYN_SENT and SYN_RECV.
  static let keepaliveHandshake = Futile(
    "Turning on or shortening TCP keepalive",
    why: "Keepalive begins when the connection is established. This one never was.")
  /// For idle connections.
  static let keepaliveSysctl = Futile(
    "Lowering net.ipv4.tcp_keepalive_time alone",
    why: "It acts only on sockets on which the program has set SO_KEEPALIVE.")
  /// For CLOSE_WAIT.
  static let lingerZero = Futile(
    "SO_LINGER with a time of 0",
    why: """
      It acts in close(), and close() is what is missing. Where close() is called, it sends a \
      reset instead of a FIN and throws away data on the way.
      """)
  /// For TIME_WAIT.
  static let lingerZeroTimeWait = Futile(
    "SO_LINGER with a time of 0",
    why: """
      It avoids TIME_WAIT by a reset: data that is not yet delivered is lost, and the peer reads \
      ECONNRESET instead of the end of the stream.
      """)
  /// For descriptors that no code looks at.
  static let destroyKeepsDescriptor = Futile(
    "ss -K (SOCK_DESTROY)",
    why: """
      It frees the row, not the descriptor. A program that does not look at the socket never \
      learns of it and still runs into its limit of open files.
      """)
  /// For connections that wait for accept().
  static let destroyUnaccepted = Futile(
    "ss -K (SOCK_DESTROY) on the waiting connections",
    why: """
      The rows go, but the queue still counts them, and accept() later returns a dead socket.
      """)
  /// For descriptors without a connection.
  static let destroyDeadSocket = Futile(
    "ss -K, or anything that acts on connections",
    why: "There is no connection any more: these sockets are in no table of the kernel.")
  /// For whatever leaks descriptors.
  static let moreDescriptors = Futile(
    "Raising the limit of open files, and nothing else",
    why: "It only buys time: the leak continues.")
  /// For sockets that no process holds.
  static let moreDescriptorsUnheld = Futile(
    "Raising the limit of open files",
    why: "No process holds these sockets, so they cost no descriptor.")
  /// For what runs out of local ports.
  static let moreDescriptorsForPorts = Futile(
    "Raising the limit of open files", why: "Ports are what runs out, not descriptors.")
  /// For CLOSE_WAIT.
  static let killPeer = Futile(
    "Restarting or killing the peer",
    why: """
      Its FIN has arrived: it has done its part. CLOSE_WAIT waits for close() in the process \
      that holds the descriptor here.
      """)
  /// For descriptors without a connection.
  static let restartPeerOnly = Futile(
    "Restarting only the peer",
    why: "The peer's side is gone already. Only the process that holds the descriptors closes them."
  )
  /// For sockets that no process holds.
  static let restartUnheld = Futile(
    "Restarting the program",
    why: "It has closed these already. The kernel alone keeps them until its own timers end.")
  /// For TIME_WAIT.
  static let timeWaitRecycle = Futile(
    "net.ipv4.tcp_tw_recycle",
    why: "Removed in Linux 4.12. Before, it dropped new connections of clients behind one NAT.")
  /// For ports of outgoing connections.
  static let timeWaitReuseDefault = Futile(
    "Relying on net.ipv4.tcp_tw_reuse = 2, the default",
    why: "2 reuses ports on loopback only. For other addresses it does what 0 does.")
  /// For the number of TIME_WAIT.
  static let timeWaitReuseServer = Futile(
    "net.ipv4.tcp_tw_reuse = 1",
    why: "It is for ports of outgoing connections. It frees no entry of this table by itself.")
  /// For TIME_WAIT.
  static let lowerBuckets = Futile(
    "Lowering net.ipv4.tcp_max_tw_buckets",
    why: """
      The kernel then skips TIME_WAIT at random: late segments of an old connection can reach a \
      new one. It treats the count, not the cause.
      """)
  /// For connections that wait for accept().
  static let synBacklogAccept = Futile(
    "Raising net.ipv4.tcp_max_syn_backlog",
    why: """
      It bounds handshakes that are not finished. These are finished: their queue holds \
      min(listen() backlog, net.core.somaxconn).
      """)
  /// For connections that wait for accept().
  static let longerAcceptQueue = Futile(
    "Raising the backlog or net.core.somaxconn",
    why: """
      A program that does not accept fills any queue. somaxconn also has no effect before the \
      program calls listen() again.
      """)
}
