// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

/// Requests about one socket, byte for byte.
@Suite struct SocketRequestTests {
  private static func row(_ family: AddressFamily) -> SocketRow {
    var row = SocketRow()
    row.family = family
    row.state = .closeWait
    row.localAddress = IPAddress(ipv4: 0xc000_0201)
    row.localPort = 0x1f90
    row.remoteAddress = IPAddress(ipv4: 0xcb00_7109)
    row.remotePort = 0xa6e0
    row.cookie = 0x0102_0304_0506_0708
    return row
  }

  @Test func `a socket is destroyed by its addresses, its interface and its cookie`() {
    let bytes = SocketRequest(.destroy, Self.row(.ipv4), interface: 7, sequence: 9).bytes
    var expected = [UInt8](repeating: 0, count: 72)
    expected.replaceSubrange(0..<16, with: [72, 0, 0, 0, 21, 0, 5, 0, 9, 0, 0, 0, 0, 0, 0, 0])
    expected.replaceSubrange(16..<24, with: [2, 6, 0, 0, 0, 1, 0, 0])
    expected.replaceSubrange(24..<28, with: [0x1f, 0x90, 0xa6, 0xe0])
    expected.replaceSubrange(28..<32, with: [192, 0, 2, 1])
    expected.replaceSubrange(44..<48, with: [203, 0, 113, 9])
    expected[60] = 7
    expected.replaceSubrange(64..<72, with: [8, 7, 6, 5, 4, 3, 2, 1])
    #expect(bytes == expected)
  }

  @Test func `a look at one is no dump, and a dual-stack socket keeps its family`() {
    let bytes = SocketRequest(.look, Self.row(.ipv6), interface: 0, sequence: 1).bytes
    #expect(bytes[4] == 20 && Array(bytes[6..<8]) == [5, 0])
    #expect(bytes[16] == 10)
    #expect(
      Array(bytes[28..<44]) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1])
  }
}
