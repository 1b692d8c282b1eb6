// SPDX-License-Identifier: Apache-2.0

/// The inode number of a network namespace, as `/proc/PID/ns/net` shows it (`net:[4026531840]`).
package struct NetnsID: RawRepresentable, Hashable, Sendable, Comparable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  package static func < (a: NetnsID, b: NetnsID) -> Bool { a.rawValue < b.rawValue }
}

/// The family of the socket itself. A dual-stack `AF_INET6` socket can carry an IPv4 connection.
package enum AddressFamily: UInt8, Hashable, Sendable {
  case ipv4 = 2
  case ipv6 = 10
  package var name: String { self == .ipv4 ? "ipv4" : "ipv6" }
}

/// The timer that runs on a socket.
///
/// Source: `idiag_timer` in `inet_diag_msg_common_fill()` / `tcp_diag`, column `tr` of
/// `/proc/net/tcp`.
package enum SocketTimer: UInt8, Hashable, Sendable {
  case none = 0
  case retransmit = 1
  case keepalive = 2
  case timeWait = 3
  /// Zero-window probe.
  case probe = 4
  /// A number this program does not know.
  case other = 255
}

/// What the source of a row could know. A column that is not named here holds 0 and means nothing.
package struct RowKnowledge: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }
  /// `sock_diag` only: the cookie.
  package static let cookie = RowKnowledge(rawValue: 1)
  /// `INET_DIAG_INFO` came with the row.
  package static let tcpInfo = RowKnowledge(rawValue: 2)
  /// `INET_DIAG_CGROUP_ID` came with the row.
  package static let cgroup = RowKnowledge(rawValue: 4)
  /// `INET_DIAG_SHUTDOWN` came with the row.
  package static let shutdown = RowKnowledge(rawValue: 8)
  /// LISTEN only: the limit of the accept queue (`sock_diag`; `/proc` does not show it).
  package static let acceptQueueLimit = RowKnowledge(rawValue: 16)
  /// LISTEN of an `AF_INET6` socket only: whether it takes IPv4 connections too (`sock_diag`).
  package static let ipv6Only = RowKnowledge(rawValue: 32)
  /// The kernel's counters show that connect(2) opened it.
  package static let opened = RowKnowledge(rawValue: 64)
  /// They show that it came in through a listener, be that gone by now.
  package static let accepted = RowKnowledge(rawValue: 128)
  /// It is an MPTCP socket: see ``MPTCPRows``. Its queues are memory, not bytes.
  package static let mptcp = RowKnowledge(rawValue: 256)
}

/// One row of the kernel's TCP table.
///
/// Plain data of fixed size: a host can have hundreds of thousands of these.
/// Source: `struct inet_diag_msg` and its attributes, or a line of `/proc/net/tcp`.
package struct SocketRow: Hashable, Sendable {
  /// The kernel's identity of this socket for its whole life, also as TIME_WAIT; 0 when the source
  /// does not know it. `idiag_cookie`, ss `sk:`.
  package var cookie: UInt64 = 0
  /// The inode in sockfs, one number space for all namespaces; 0 when no file refers to it.
  package var inode: UInt64 = 0
  package var localAddress = IPAddress.anyIPv4
  package var remoteAddress = IPAddress.anyIPv4
  /// cgroup2 id (inode of the directory) of the socket's creator; accepted sockets inherit the
  /// listener's. 0 when not known.
  package var cgroupID: UInt64 = 0
  /// `tcpi_bytes_acked`: bytes we sent that the peer has acknowledged.
  package var bytesAcked: UInt64 = 0
  /// `tcpi_bytes_received`: includes 1 for a FIN.
  package var bytesReceived: UInt64 = 0
  package var namespace = NetnsID(rawValue: 0)
  /// As the kernel writes it: see ``knownUID``.
  package var uid: UInt32 = 0
  /// Unread bytes, plus 1 for a FIN that has not been read. On LISTEN: sockets in the accept queue.
  package var receiveQueue: UInt32 = 0
  /// Bytes not yet acknowledged. On LISTEN: the limit of the accept queue, when known.
  package var sendQueue: UInt32 = 0
  /// Milliseconds until the timer expires; 0 without a timer.
  package var timerMilliseconds: UInt32 = 0
  /// `tcpi_last_data_sent`, `tcpi_last_data_recv`, `tcpi_last_ack_recv`: milliseconds ago.
  package var lastDataSentMilliseconds: UInt32 = 0
  package var lastDataReceivedMilliseconds: UInt32 = 0
  package var lastAckReceivedMilliseconds: UInt32 = 0
  /// `tcpi_segs_out`.
  package var segmentsOut: UInt32 = 0
  package var localPort: UInt16 = 0
  package var remotePort: UInt16 = 0
  package var state = TCPState(rawValue: 0)
  package var family = AddressFamily.ipv4
  package var timer = SocketTimer.none
  /// `idiag_retrans`: retransmissions, keepalive or window probes sent, by the timer.
  package var retransmits: UInt8 = 0
  /// `INET_DIAG_SHUTDOWN`: 1 = RCV_SHUTDOWN, 2 = SEND_SHUTDOWN.
  package var shutdown: UInt8 = 0
  /// LISTEN of an `AF_INET6` socket only: whether it takes no IPv4 connections (`IPV6_V6ONLY`,
  /// `INET_DIAG_SKV6ONLY`). Means nothing without ``RowKnowledge/ipv6Only``.
  package var isIPv6Only = false
  package var knowledge: RowKnowledge = []

  package init() {}

  package var local: Endpoint { Endpoint(localAddress, localPort) }
  package var remote: Endpoint { Endpoint(remoteAddress, remotePort) }

  /// Whether this connection waits in a listener's accept queue. A socket in these two states
  /// cannot be an orphan, so without an inode it has not been accepted.
  package var isUnaccepted: Bool {
    inode == 0 && (state == .established || state == .closeWait)
  }

  /// The user it belongs to; nil where the kernel does not say.
  ///
  /// A socket without a file has 0 on kernels that take the user from the file (`sock_i_uid()`),
  /// and TIME_WAIT and requests have it everywhere (`inet_twsk_diag_fill()`,
  /// `inet_req_diag_fill()`): nobody can tell it from root's.
  package var knownUID: UInt32? { inode == 0 && uid == 0 ? nil : uid }

  /// Whether no process can hold it: the kernel keeps it alone.
  package var isOrphan: Bool { inode == 0 && state != .listen && !isUnaccepted }
}
