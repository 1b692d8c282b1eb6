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
}
