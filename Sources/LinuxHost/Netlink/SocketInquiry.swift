// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// Questions about single sockets of the network namespace of the calling thread.
struct SocketInquiry: ~Copyable {
  private var netlink: NetlinkSocket
  private var sequence: UInt32 = 0
  /// The interfaces that a socket can be bound to, 0 for none; the kernel finds a bound socket only
  /// by its interface, which no row keeps.
  private let interfaces: [UInt32]

  private static let interfaceBound = 256

  init() throws(SystemCallError) {
    netlink = try NetlinkSocket()
    interfaces = [0] + Self.interfaceIndexes
  }

  /// The socket as it is now, and the interface that it is bound to; nil when it is gone.
  mutating func find(_ row: SocketRow) throws(SystemCallError) -> (SocketRow, UInt32)? {
    for interface in interfaces {
      if let found = try ask(.look, row, interface: interface)?.first { return (found, interface) }
    }
    return nil
  }

  /// Aborts its connection.
  ///
  /// - Returns: false when it was gone.
  /// - Throws: ``SystemCallError``: EPERM without CAP_NET_ADMIN, EOPNOTSUPP where the kernel is
  ///   built without CONFIG_INET_DIAG_DESTROY.
  mutating func destroy(_ row: SocketRow, interface: UInt32) throws(SystemCallError) -> Bool {
    try ask(.destroy, row, interface: interface) != nil
  }

  /// - Returns: The rows of the answer; nil when there is no such socket.
  private mutating func ask(
    _ purpose: SocketRequest.Purpose, _ row: SocketRow, interface: UInt32
  ) throws(SystemCallError) -> [SocketRow]? {
    sequence += 1
    let call = purpose == .look ? "sock_diag" : "SOCK_DESTROY"
    let subject = "\(row.local) -> \(row.remote)"
    let request = SocketRequest(purpose, row, interface: interface, sequence: sequence)
    try netlink.send(request.bytes)
    var answer = SockDiagAnswer(
      namespace: row.namespace, sequence: sequence, port: netlink.port, states: .all)
    var rows: [SocketRow] = []
    var buffer = [UInt8](repeating: 0, count: 8192)
    while true {
      EyeStep.release.begin()
      let got = try receive(&buffer)
      let datagram = buffer.span.bytes.extracting(first: min(got, buffer.count))
      switch answer.read(datagram, into: &rows) {
      case .more where got > 0: continue
      case .failed(ENOENT), .failed(ESTALE): return nil
      // An acknowledgement is an error of 0.
      case .done, .failed(0): return rows
      case .failed(let code): throw SystemCallError(call, on: subject, errno: code)
      case .more: throw SystemCallError(call, on: subject, errno: EIO)
      }
    }
  }

  private mutating func receive(_ buffer: inout [UInt8]) throws(SystemCallError) -> Int {
    var failure: SystemCallError?
    let got = buffer.withUnsafeMutableBytes { bytes in
      do throws(SystemCallError) {
        return try netlink.receive(into: bytes)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return got
  }

  private static var interfaceIndexes: [UInt32] {
    guard let list = if_nameindex() else { return [] }
    defer { if_freenameindex(list) }
    var indexes: [UInt32] = []
    var position = 0
    while list[position].if_index != 0, indexes.count < interfaceBound {
      indexes.append(list[position].if_index)
      position += 1
    }
    return indexes
  }
}
