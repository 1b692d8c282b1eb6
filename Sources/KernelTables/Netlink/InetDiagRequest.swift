// SPDX-License-Identifier: Apache-2.0

/// A request to dump the TCP sockets of one network namespace, or its MPTCP sockets.
package struct InetDiagRequest: Hashable, Sendable {
  /// How to ask.
  package enum Form: Hashable, Sendable {
    /// `TCPDIAG_GETSOCK`: both families in one walk of the hash table.
    case bothFamilies
    /// `SOCK_DIAG_BY_FAMILY`: one family and one walk each.
    case family(AddressFamily)
    /// The same for the MPTCP sockets, without details: those of MPTCP are no `tcp_info`, and the
    /// kernel takes the lock of each socket for them (`mptcp_diag_fill_info()`).
    case mptcp(AddressFamily)
  }

  package var form: Form
  /// Which states the kernel shall send.
  package var states: StateSet
  /// Comes back in every message of the answer.
  package var sequence: UInt32
  /// Whether `tcp_info` is asked for. For that the kernel waits for the lock of each socket
  /// (`tcp_get_info()` in net/ipv4/tcp.c), which its process keeps while it sends from memory that
  /// is a file: as long as that file does not answer, and not even SIGKILL ends who waits.
  package var asksDetails = true

  package init(form: Form = .bothFamilies, states: StateSet, sequence: UInt32) {
    self.form = form
    if case .mptcp = form { asksDetails = false }
    self.states = states
    self.sequence = sequence
  }

  /// The states as the kernel filters them: request sockets are NEW_SYN_RECV inside the kernel and
  /// SYN_RECV in what it sends.
  package var stateMask: UInt32 {
    states.contains(.synRecv) ? states.union(StateSet(.newSynRecv)).rawValue : states.rawValue
  }

  /// The request as it goes to the kernel, `struct nlmsghdr` first.
  package var bytes: [UInt8] {
    typealias Header = InetDiagLayout.Header
    let bodySize: Int
    let type: UInt16
    switch form {
    case .bothFamilies:
      bodySize = InetDiagLayout.CompatRequest.size
      type = InetDiagLayout.MessageType.compatDump
    case .family:
      bodySize = InetDiagLayout.FamilyRequest.size
      type = InetDiagLayout.MessageType.dumpByFamily
    case .mptcp:
      bodySize = InetDiagLayout.FamilyRequest.size + InetDiagLayout.Attribute.headerSize + 4
      type = InetDiagLayout.MessageType.dumpByFamily
    }
    var bytes = [UInt8](repeating: 0, count: Header.size + bodySize)
    Self.put(UInt32(bytes.count), at: Header.length, in: &bytes)
    Self.put(type, at: Header.type, in: &bytes)
    Self.put(InetDiagLayout.dumpFlags, at: Header.flags, in: &bytes)
    Self.put(sequence, at: Header.sequence, in: &bytes)
    // INET_DIAG_INFO by its bit. CGROUP_ID, SHUTDOWN and SKV6ONLY come unasked.
    let extensions = asksDetails ? UInt8(1 << (InetDiagLayout.AttributeType.info - 1)) : 0
    switch form {
    case .bothFamilies:
      typealias Body = InetDiagLayout.CompatRequest
      bytes[Header.size + Body.family] = AddressFamily.ipv4.rawValue
      bytes[Header.size + Body.extensions] = extensions
      Self.put(stateMask, at: Header.size + Body.states, in: &bytes)
    case .family(let family):
      typealias Body = InetDiagLayout.FamilyRequest
      bytes[Header.size + Body.family] = family.rawValue
      bytes[Header.size + Body.transport] = InetDiagLayout.transportTCP
      bytes[Header.size + Body.extensions] = extensions
      Self.put(stateMask, at: Header.size + Body.states, in: &bytes)
    case .mptcp(let family):
      typealias Body = InetDiagLayout.FamilyRequest
      // No transport: a kernel before 5.9 passes over the attribute, and has no table 0.
      bytes[Header.size + Body.family] = family.rawValue
      Self.put(stateMask, at: Header.size + Body.states, in: &bytes)
      let attribute = Header.size + Body.size
      let length = UInt16(InetDiagLayout.Attribute.headerSize + 4)
      Self.put(length, at: attribute + InetDiagLayout.Attribute.length, in: &bytes)
      Self.put(Body.protocolAttribute, at: attribute + InetDiagLayout.Attribute.type, in: &bytes)
      Self.put(
        InetDiagLayout.transportMPTCP, at: attribute + InetDiagLayout.Attribute.headerSize,
        in: &bytes)
    }
    return bytes
  }

  /// Whether rows of the answer are of MPTCP sockets.
  package var isMPTCP: Bool {
    if case .mptcp = form { true } else { false }
  }

  private static func put<Number: FixedWidthInteger>(
    _ number: Number, at offset: Int, in bytes: inout [UInt8]
  ) {
    withUnsafeBytes(of: number) { source in
      for (index, byte) in source.enumerated() { bytes[offset + index] = byte }
    }
  }
}
