// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcNetMPTCPTests {
  private static func netstat(_ names: String, _ values: String) -> ProcNetMPTCP {
    ProcNetMPTCP(
      netstat: Array("TcpExt: A\nTcpExt: 1\nMPTcpExt: \(names)\nMPTcpExt: \(values)\n".utf8))
  }

  private static func protocols(_ four: Int, _ six: Int) -> [UInt8] {
    Array(
      """
      protocol  size sockets  memory press maxhdr  slab module     cl co di ac
      MPTCPv6   2064      \(six)      76   no       0   yes  kernel      y  y  y  n
      TCPv6     2432      5      76   no     192   yes  kernel      y  y  y  y
      MPTCP     1936      \(four)      76   no       0   yes  kernel      y  y  y  n

      """.utf8)
  }

  @Test func `connections are those opened and those accepted`() {
    let some = Self.netstat("MPCapableSYNRX MPCapableSYNACKRX MPCapableACKRX", "9 3 4")
    #expect(some.connections == 7)
    #expect(Self.netstat("MPCapableSYNACKRX MPCapableACKRX", "0 0").connections == 0)
  }

  @Test(arguments: ["", "MPTcpExt: MPCapableACKRX\n", "MPTcpExt: MPCapableACKRX\nMPTcpExt: x\n"])
  func `a kernel without MPTCP has had none, and so have lines that make no sense`(text: String) {
    #expect(ProcNetMPTCP(netstat: Array(text.utf8)).connections == 0)
  }

  @Test func `numbers too large for their sum are very many`() {
    let most = "18446744073709551615"
    let many = Self.netstat("MPCapableSYNACKRX MPCapableACKRX", "\(most) \(most)")
    #expect(many.connections == .max)
  }

  @Test func `sockets are those of both families`() {
    let old = Self.netstat("MPCapableACKRX", "3")
    #expect(old.sockets(protocols: Self.protocols(3, 2)) == 5)
  }

  /// Before Linux 6.3 the number is always 0.
  @Test func `no sockets are none only where the kernel counts them`() {
    let old = Self.netstat("MPCapableACKRX", "3")
    let new = Self.netstat("MPCapableACKRX MPCurrEstab", "3 0")
    #expect(old.sockets(protocols: Self.protocols(0, 0)) == nil)
    #expect(new.sockets(protocols: Self.protocols(0, 0)) == 0)
  }
}
