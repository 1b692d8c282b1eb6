// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct UniqueRowsTests {
  private func row(
    cookie: UInt64 = 0, inode: UInt64 = 0, port: UInt16 = 1, state: TCPState = .established,
    queue: UInt32 = 0, family: AddressFamily = .ipv4
  ) -> SocketRow {
    var row = SocketRow()
    row.cookie = cookie
    row.inode = inode
    row.remotePort = port
    row.state = state
    row.receiveQueue = queue
    row.family = family
    return row
  }

  @Test func `one row of each cookie stays, with the newest content, in the first place`() {
    var rows = [row(cookie: 1), row(cookie: 2), row(cookie: 1, queue: 9), row(cookie: 3)]
    #expect(UniqueRows.compact(&rows, from: 0) == 1)
    #expect(rows.map(\.cookie) == [1, 2, 3])
    #expect(rows.first?.receiveQueue == 9)
  }

  @Test func `equal ends with different cookies are different sockets`() {
    var rows = [row(cookie: 1), row(cookie: 2)]
    #expect(UniqueRows.compact(&rows, from: 0) == 0)
  }

  @Test func `rows before the start are of another namespace`() {
    var rows = [row(cookie: 1), row(cookie: 1)]
    #expect(UniqueRows.compact(&rows, from: 1) == 0)
    #expect(rows.count == 2)
  }

  @Test func `without a cookie the ends decide, also when the inode came or went meanwhile`() {
    var rows = [
      row(inode: 7), row(inode: 0, state: .lastAck), row(inode: 7, port: 2),
      row(inode: 7, family: .ipv6),
    ]
    #expect(UniqueRows.compact(&rows, from: 0) == 1)
    #expect(rows.map(\.state) == [.lastAck, .established, .established])
  }

  @Test func `equal ends with two inodes are two sockets`() {
    var rows = [row(inode: 7), row(inode: 8)]
    #expect(UniqueRows.compact(&rows, from: 0) == 0)
  }

  @Test func `listeners that share an address are told apart by their inodes`() {
    var rows = [
      row(inode: 7, port: 0, state: .listen), row(inode: 8, port: 0, state: .listen),
      row(inode: 7, port: 0, state: .listen),
    ]
    #expect(UniqueRows.compact(&rows, from: 0) == 1)
    #expect(rows.map(\.inode) == [7, 8])
  }

  @Test func `many rows that all come twice are halved`() {
    var rows = (1...4999).map { row(cookie: UInt64($0)) }
    rows += rows.reversed()
    #expect(UniqueRows.compact(&rows, from: 0) == 4999)
    #expect(rows.map(\.cookie) == Array(1...4999))
  }
}
