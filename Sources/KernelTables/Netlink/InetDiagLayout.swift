// SPDX-License-Identifier: Apache-2.0

/// Where the kernel puts what, in bytes from the start of each structure.
///
/// The pure targets import no C, so the numbers stand here; tests compare every one of them with
/// the kernel's headers. All fields are in host byte order but ports and addresses.
///
/// Source: `linux/netlink.h`, `linux/inet_diag.h`, `linux/tcp.h`.
package enum InetDiagLayout {
  /// `struct nlmsghdr`.
  package enum Header {
    package static let size = 16
    package static let length = 0
    package static let type = 4
    package static let flags = 6
    package static let sequence = 8
    package static let port = 12
  }

  /// `struct inet_diag_sockid`, from its own start.
  package enum SocketID {
    package static let size = 48
    package static let localPort = 0
    package static let remotePort = 2
    package static let localAddress = 4
    package static let remoteAddress = 20
    package static let interface = 36
    package static let cookie = 40
  }

  /// `struct inet_diag_msg`.
  package enum Message {
    package static let size = 72
    package static let family = 0
    package static let state = 1
    package static let timer = 2
    package static let retransmits = 3
    package static let id = 4
    package static let expires = 52
    package static let receiveQueue = 56
    package static let sendQueue = 60
    package static let uid = 64
    package static let inode = 68
  }

  /// `struct inet_diag_req`, the request of `TCPDIAG_GETSOCK`.
  package enum CompatRequest {
    package static let size = 60
    package static let family = 0
    package static let extensions = 3
    package static let states = 52
  }

  /// `struct inet_diag_req_v2`, the request of `SOCK_DIAG_BY_FAMILY`.
  package enum FamilyRequest {
    package static let size = 56
    package static let family = 0
    package static let transport = 1
    package static let extensions = 2
    package static let states = 4
    package static let id = 8
    /// `INET_DIAG_REQ_PROTOCOL`, an attribute behind it: a protocol that its byte has no room for.
    package static let protocolAttribute: UInt16 = 3
  }

  /// `struct tcp_info`, the payload of `INET_DIAG_INFO`. Newer kernels append to it.
  package enum Info {
    package static let unacknowledged = 24
    package static let lastDataSent = 44
    package static let lastDataReceived = 52
    package static let lastAckReceived = 56
    package static let bytesAcked = 120
    package static let bytesReceived = 128
    package static let segmentsOut = 136
    /// What a payload must hold for all of the above: Linux 4.2 and later.
    package static let needed = 140
    package static let bytesSent = 200
    package static let bytesSentAgain = 208
    /// What it must hold to tell who opened the connection: Linux 4.19 and later.
    package static let neededForOpener = 216
  }

  /// `struct nlattr`.
  package enum Attribute {
    package static let headerSize = 4
    package static let length = 0
    package static let type = 2
    /// `NLA_TYPE_MASK`: the two highest bits are flags.
    package static let typeMask: UInt16 = 0x3fff
  }

  /// Numbers of attributes: `INET_DIAG_...`.
  package enum AttributeType {
    package static let info: UInt16 = 2
    package static let shutdown: UInt16 = 8
    package static let ipv6Only: UInt16 = 11
    package static let cgroupID: UInt16 = 21
  }

  /// Numbers of messages: `NLMSG_...`, `TCPDIAG_GETSOCK`, `SOCK_DIAG_BY_FAMILY`, `SOCK_DESTROY`.
  package enum MessageType {
    package static let noOperation: UInt16 = 1
    package static let error: UInt16 = 2
    package static let done: UInt16 = 3
    package static let compatDump: UInt16 = 18
    package static let dumpByFamily: UInt16 = 20
    package static let destroy: UInt16 = 21
  }

  /// `NLM_F_REQUEST | NLM_F_DUMP`.
  package static let dumpFlags: UInt16 = 0x301
  /// `NLM_F_REQUEST | NLM_F_ACK`.
  package static let acknowledgedFlags: UInt16 = 0x5
  /// `NLM_F_DUMP_INTR`: the table changed under the dump.
  package static let interruptedFlag: UInt16 = 0x10
  /// `IPPROTO_TCP`.
  package static let transportTCP: UInt8 = 6
  /// `IPPROTO_MPTCP`.
  package static let transportMPTCP: UInt32 = 262
}
