// SPDX-License-Identifier: Apache-2.0

/// A request about one TCP socket, by its addresses and its cookie: the kernel answers ENOENT when
/// a socket with these addresses is another one.
package struct SocketRequest: Hashable, Sendable {
  /// What to do with it.
  package enum Purpose: Hashable, Sendable {
    /// Answer with its row: `SOCK_DIAG_BY_FAMILY` without `NLM_F_DUMP`.
    case look
    /// Abort the connection: `SOCK_DESTROY`, since Linux 4.5.
    case destroy
  }

  package var purpose: Purpose
  /// The socket, from `sock_diag`: only that source knows the cookie.
  package var socket: SocketRow
  /// The interface that it is bound to; 0 for none.
  package var interface: UInt32
  /// Comes back in the answer.
  package var sequence: UInt32

  package init(_ purpose: Purpose, _ socket: SocketRow, interface: UInt32, sequence: UInt32) {
    self.purpose = purpose
    self.socket = socket
    self.interface = interface
    self.sequence = sequence
  }

  /// The request as it goes to the kernel, `struct nlmsghdr` and `struct inet_diag_req_v2`.
  package var bytes: [UInt8] {
    typealias Header = InetDiagLayout.Header
    typealias Body = InetDiagLayout.FamilyRequest
    var bytes = [UInt8](repeating: 0, count: Header.size + Body.size)
    Self.put(UInt32(bytes.count), at: Header.length, in: &bytes)
    let type =
      purpose == .look
      ? InetDiagLayout.MessageType.dumpByFamily : InetDiagLayout.MessageType.destroy
    Self.put(type, at: Header.type, in: &bytes)
    Self.put(InetDiagLayout.acknowledgedFlags, at: Header.flags, in: &bytes)
    Self.put(sequence, at: Header.sequence, in: &bytes)
    bytes[Header.size + Body.family] = socket.family.rawValue
    bytes[Header.size + Body.transport] = InetDiagLayout.transportTCP
    Self.put(StateSet(socket.state).rawValue, at: Header.size + Body.states, in: &bytes)
    putIdentity(at: Header.size + Body.id, in: &bytes)
    return bytes
  }

  private func putIdentity(at start: Int, in bytes: inout [UInt8]) {
    typealias Layout = InetDiagLayout.SocketID
    Self.put(socket.localPort.bigEndian, at: start + Layout.localPort, in: &bytes)
    Self.put(socket.remotePort.bigEndian, at: start + Layout.remotePort, in: &bytes)
    put(socket.localAddress, at: start + Layout.localAddress, in: &bytes)
    put(socket.remoteAddress, at: start + Layout.remoteAddress, in: &bytes)
    Self.put(interface, at: start + Layout.interface, in: &bytes)
    Self.put(UInt32(truncatingIfNeeded: socket.cookie), at: start + Layout.cookie, in: &bytes)
    Self.put(
      UInt32(truncatingIfNeeded: socket.cookie >> 32), at: start + Layout.cookie + 4, in: &bytes)
  }

  private func put(_ address: IPAddress, at offset: Int, in bytes: inout [UInt8]) {
    guard socket.family == .ipv6 else {
      Self.put(UInt32(truncatingIfNeeded: address.low).bigEndian, at: offset, in: &bytes)
      return
    }
    Self.put(address.high.bigEndian, at: offset, in: &bytes)
    Self.put(address.low.bigEndian, at: offset + 8, in: &bytes)
  }

  private static func put<Number: FixedWidthInteger>(
    _ number: Number, at offset: Int, in bytes: inout [UInt8]
  ) {
    withUnsafeBytes(of: number) { source in
      for (index, byte) in source.enumerated() { bytes[offset + index] = byte }
    }
  }
}
