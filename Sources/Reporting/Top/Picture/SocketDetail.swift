// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// All that is known of one socket: a value of its own, so that it can still be read when the
/// socket has gone.
struct SocketDetail: Sendable {
  /// A process that has it open.
  struct Holder: Sendable {
    var process: ProcessRecord
    var fd: Int32
    var table: SocketHolder.Table
  }

  /// The other end of the connection, on this host.
  struct OtherEnd: Sendable {
    var row: SocketRow
    var process: ProcessRecord?
    var fd: Int32
  }

  let id: TopSocket.ID
  let socket: TopSocket
  /// nil for a dead socket.
  let row: SocketRow?
  let deadSocket: DeadSocket?
  let process: ProcessRecord?
  let holders: [Holder]
  let otherEnd: OtherEnd?
  /// Whether the other end can still take an answer: it has asked, shut down its sending only, and
  /// its program keeps it.
  let peerMayWaitForAnswer: Bool
  let life: [SocketLives.Step]
  /// When closewatch first saw it.
  let firstSeen: BootInstant
  /// Whether it was there before closewatch looked.
  let wasThereBefore: Bool
  let namespace: NamespaceSample?
  /// What speaks of its owner and its state.
  let finding: Finding?
  let seenAt: BootInstant
  /// Seconds since 1970 at the boot of the host, by the clock of the look.
  let bootWallSeconds: Double
  let hasUnreadable: Bool
  /// The look that did not show it any more.
  var goneAt: BootInstant?

  /// - Returns: nil when the picture does not have it.
  init?(of id: TopSocket.ID, in picture: TopPicture) {
    guard let position = picture.position(of: id) else { return nil }
    let socket = picture.sockets[position]
    let census = picture.census
    self.id = id
    self.socket = socket
    row = picture.row(socket)
    deadSocket = picture.deadSocket(socket)
    process = picture.process(socket)
    let connection = row.flatMap { census.connection(of: $0) } ?? deadSocket?.connection
    let inode = row?.inode ?? deadSocket?.inode ?? 0
    holders = census.holders.holders(of: inode).compactMap { reference in
      census.processes[reference.process].map {
        Holder(process: $0, fd: reference.fd, table: reference.table)
      }
    }
    let otherEnd = row.flatMap { Self.otherEnd(of: $0, in: picture) }
    self.otherEnd = otherEnd
    peerMayWaitForAnswer =
      (connection?.flags.contains(.isInbound) ?? false)
      && (otherEnd.map { $0.row.state == .finWait2 && $0.row.inode != 0 } ?? false)
    life = connection.map { picture.lives.life(of: $0) } ?? []
    firstSeen = connection?.firstSeen ?? deadSocket?.since ?? census.now
    wasThereBefore =
      connection?.flags.contains(.inFirstLook) ?? deadSocket?.isInherited ?? (census.looks == 1)
    namespace = row.flatMap { census.namespace($0.namespace) }
    finding = Self.finding(socket, row, in: picture)
    seenAt = census.now
    bootWallSeconds = picture.sample.wallClockSeconds - census.now.seconds
    hasUnreadable = picture.gaps.contains(where: \.hidesHolders)
  }

  private static func otherEnd(of row: SocketRow, in picture: TopPicture) -> OtherEnd? {
    guard let position = picture.otherEnd(of: row) else { return nil }
    let other = picture.sockets[position]
    guard let otherRow = picture.row(other) else { return nil }
    return OtherEnd(row: otherRow, process: picture.process(other), fd: other.fd)
  }

  private static func finding(
    _ socket: TopSocket, _ row: SocketRow?, in picture: TopPicture
  ) -> Finding? {
    let state = row?.state ?? .close
    return picture.findings(of: picture.owners[Int(socket.owner)].owner).first { finding in
      guard finding.state == state, let row else { return finding.state == state }
      return finding.namespace == row.namespace
        && finding.localPort.map { $0 == row.localPort } ?? true
        && finding.remotePort.map { $0 == row.remotePort } ?? true
    }
  }
}
