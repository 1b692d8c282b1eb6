// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@Suite struct ListenerIndexTests {
  private static let address = IPAddress(ipv4: 0xc000_0201)
  private static let other = IPAddress(ipv4: 0xc000_0202)
  private static let six = IPAddress(high: 0x2001_0db8_0000_0000, low: 1)

  private func row(
    _ state: TCPState, _ address: IPAddress, port: UInt16 = 80, namespace: UInt32 = 1,
    isIPv6Only: Bool? = nil
  ) -> SocketRow {
    var row = SocketRow()
    row.state = state
    row.localAddress = address
    row.localPort = port
    row.namespace = NetnsID(rawValue: namespace)
    if let isIPv6Only {
      row.isIPv6Only = isIPv6Only
      row.knowledge.insert(.ipv6Only)
    }
    return row
  }

  private func listeners(of address: IPAddress, among rows: [SocketRow]) -> [Int32] {
    ListenerIndex(rows).listeners(of: row(.closeWait, address), in: rows)
  }

  @Test func `the exact address wins over the IPv4 wildcard, and that over the IPv6 wildcard`() {
    let rows = [
      row(.listen, .anyIPv6, isIPv6Only: false), row(.listen, .anyIPv4),
      row(.listen, Self.address),
    ]
    #expect(listeners(of: Self.address, among: rows) == [2])
    #expect(listeners(of: Self.other, among: rows) == [1])
    #expect(listeners(of: Self.six, among: rows) == [0])
    #expect(listeners(of: Self.other, among: [rows[0]]) == [0])
  }

  @Test func `a listener for IPv6 only never takes an IPv4 connection`() {
    let rows = [row(.listen, .anyIPv6, isIPv6Only: true)]
    #expect(listeners(of: Self.address, among: rows) == [])
    #expect(listeners(of: Self.six, among: rows) == [0])
  }

  @Test func `where the table does not say, the IPv6 wildcard may take IPv4 connections`() {
    var listener = row(.listen, .anyIPv6)
    #expect(listeners(of: Self.address, among: [listener]) == [0])
    // Without the knowledge the field means nothing.
    listener.isIPv6Only = true
    #expect(listeners(of: Self.address, among: [listener]) == [0])
  }

  @Test func `listeners that share an address cannot be told apart`() {
    let rows = [
      row(.listen, .anyIPv4), row(.established, .anyIPv4), row(.listen, .anyIPv4),
      row(.listen, .anyIPv6),
    ]
    #expect(listeners(of: Self.address, among: rows) == [0, 2])
  }

  @Test func `another port, namespace, address or state is no listener of it`() {
    let rows = [
      row(.listen, Self.address, port: 81), row(.listen, Self.address, namespace: 2),
      row(.listen, Self.other), row(.established, Self.address),
    ]
    #expect(listeners(of: Self.address, among: rows) == [])
    let index = ListenerIndex(rows)
    #expect(index.isListening(port: 81, in: NetnsID(rawValue: 1)))
    #expect(!index.isListening(port: 81, in: NetnsID(rawValue: 2)))
  }
}
