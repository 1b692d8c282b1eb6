// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import Testing

/// The numbers of ``InetDiagLayout`` against the headers of the kernel.
@Suite struct InetDiagLayoutTests {
  @Test func `the netlink header is where the kernel has it`() {
    typealias Layout = InetDiagLayout.Header
    #expect(MemoryLayout<nlmsghdr>.size == Layout.size)
    #expect(MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_len) == Layout.length)
    #expect(MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_type) == Layout.type)
    #expect(MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_flags) == Layout.flags)
    #expect(MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_seq) == Layout.sequence)
    #expect(MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_pid) == Layout.port)
  }

  @Test func `the socket's identity is where the kernel has it`() {
    typealias Layout = InetDiagLayout.SocketID
    #expect(MemoryLayout<inet_diag_sockid>.size == Layout.size)
    #expect(MemoryLayout<inet_diag_sockid>.offset(of: \.idiag_sport) == Layout.localPort)
    #expect(MemoryLayout<inet_diag_sockid>.offset(of: \.idiag_dport) == Layout.remotePort)
    #expect(MemoryLayout<inet_diag_sockid>.offset(of: \.idiag_src) == Layout.localAddress)
    #expect(MemoryLayout<inet_diag_sockid>.offset(of: \.idiag_dst) == Layout.remoteAddress)
    #expect(MemoryLayout<inet_diag_sockid>.offset(of: \.idiag_if) == Layout.interface)
    #expect(MemoryLayout<inet_diag_sockid>.offset(of: \.idiag_cookie) == Layout.cookie)
  }

  @Test func `the message is where the kernel has it`() {
    typealias Layout = InetDiagLayout.Message
    #expect(MemoryLayout<inet_diag_msg>.size == Layout.size)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_family) == Layout.family)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_state) == Layout.state)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_timer) == Layout.timer)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_retrans) == Layout.retransmits)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.id) == Layout.id)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_expires) == Layout.expires)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_rqueue) == Layout.receiveQueue)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_wqueue) == Layout.sendQueue)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_uid) == Layout.uid)
    #expect(MemoryLayout<inet_diag_msg>.offset(of: \.idiag_inode) == Layout.inode)
  }

  @Test func `the requests are where the kernel has them`() {
    typealias Compat = InetDiagLayout.CompatRequest
    #expect(MemoryLayout<inet_diag_req>.size == Compat.size)
    #expect(MemoryLayout<inet_diag_req>.offset(of: \.idiag_family) == Compat.family)
    #expect(MemoryLayout<inet_diag_req>.offset(of: \.idiag_ext) == Compat.extensions)
    #expect(MemoryLayout<inet_diag_req>.offset(of: \.idiag_states) == Compat.states)
    typealias Family = InetDiagLayout.FamilyRequest
    #expect(MemoryLayout<inet_diag_req_v2>.size == Family.size)
    #expect(MemoryLayout<inet_diag_req_v2>.offset(of: \.sdiag_family) == Family.family)
    #expect(MemoryLayout<inet_diag_req_v2>.offset(of: \.sdiag_protocol) == Family.transport)
    #expect(MemoryLayout<inet_diag_req_v2>.offset(of: \.idiag_ext) == Family.extensions)
    #expect(MemoryLayout<inet_diag_req_v2>.offset(of: \.idiag_states) == Family.states)
    #expect(MemoryLayout<inet_diag_req_v2>.offset(of: \.id) == Family.id)
    #expect(Int(Family.protocolAttribute) == INET_DIAG_REQ_PROTOCOL)
  }

  @Test func `tcp_info is where the kernel has it`() {
    typealias Layout = InetDiagLayout.Info
    #expect(closewatch_tcp_info_offset(0) == UInt(Layout.lastDataSent))
    #expect(closewatch_tcp_info_offset(1) == UInt(Layout.lastDataReceived))
    #expect(closewatch_tcp_info_offset(2) == UInt(Layout.lastAckReceived))
    #expect(closewatch_tcp_info_offset(3) == UInt(Layout.bytesAcked))
    #expect(closewatch_tcp_info_offset(4) == UInt(Layout.bytesReceived))
    #expect(closewatch_tcp_info_offset(5) == UInt(Layout.segmentsOut))
    #expect(Layout.needed == Layout.segmentsOut + 4)
  }

  @Test func `the numbers of messages, flags and attributes are the kernel's`() {
    #expect(Int(InetDiagLayout.AttributeType.info) == INET_DIAG_INFO)
    #expect(Int(InetDiagLayout.AttributeType.shutdown) == INET_DIAG_SHUTDOWN)
    #expect(Int(InetDiagLayout.AttributeType.ipv6Only) == INET_DIAG_SKV6ONLY)
    #expect(Int(InetDiagLayout.AttributeType.cgroupID) == INET_DIAG_CGROUP_ID)
    #expect(Int32(InetDiagLayout.MessageType.noOperation) == NLMSG_NOOP)
    #expect(Int32(InetDiagLayout.MessageType.error) == NLMSG_ERROR)
    #expect(Int32(InetDiagLayout.MessageType.done) == NLMSG_DONE)
    #expect(Int32(InetDiagLayout.MessageType.compatDump) == TCPDIAG_GETSOCK)
    #expect(Int32(InetDiagLayout.MessageType.dumpByFamily) == SOCK_DIAG_BY_FAMILY)
    #expect(Int32(InetDiagLayout.dumpFlags) == NLM_F_REQUEST | NLM_F_DUMP)
    #expect(Int32(InetDiagLayout.interruptedFlag) == NLM_F_DUMP_INTR)
    #expect(Int(InetDiagLayout.transportTCP) == IPPROTO_TCP)
    #expect(MemoryLayout<nlattr>.size == InetDiagLayout.Attribute.headerSize)
  }
}
