// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct InetDiagRequestTests {
  @Test func `the compat request asks for both families, INFO and the states`() {
    let bytes = InetDiagRequest(states: StateSet(.closeWait, .listen), sequence: 0x0102).bytes
    var expected = [UInt8](repeating: 0, count: 76)
    expected[0] = 76
    expected[4] = 18
    expected[6] = 1
    expected[7] = 3
    expected[8] = 2
    expected[9] = 1
    expected[16] = 2
    expected[19] = 2
    expected[16 + 53] = 5
    #expect(bytes == expected)
  }

  @Test func `SYN_RECV asks for request sockets too`() {
    #expect(InetDiagRequest(states: StateSet(.synRecv), sequence: 1).stateMask == 0x1008)
    #expect(InetDiagRequest(states: .all, sequence: 1).stateMask == 0x1ffe)
  }

  @Test func `a request by family names it and the protocol`() {
    let bytes = InetDiagRequest(form: .family(.ipv6), states: .all, sequence: 1).bytes
    #expect(bytes.count == 72)
    #expect(bytes[4] == 20)
    #expect(Array(bytes[16..<19]) == [10, 6, 2])
    #expect(Array(bytes[20..<22]) == [0xfe, 0x1f])
  }

  /// Without the attribute, as an old kernel reads it, it is of no protocol that has a table.
  @Test func `a request for MPTCP has its number in an attribute, and asks no details`() {
    let request = InetDiagRequest(
      form: .mptcp(.ipv6), states: StateSet(.closeWait), sequence: 1)
    let bytes = request.bytes
    #expect(request.isMPTCP && !request.asksDetails)
    #expect(Array(bytes[0..<6]) == [80, 0, 0, 0, 20, 0])
    #expect(Array(bytes[16..<19]) == [10, 0, 0])
    #expect(Array(bytes[20..<22]) == [0, 1])
    #expect(Array(bytes[72...]) == [8, 0, 3, 0, 6, 1, 0, 0])
  }
}
