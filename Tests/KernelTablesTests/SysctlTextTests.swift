// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct SysctlTextTests {
  @Test func `numbers, ranges and lists are read as the kernel writes them`() throws {
    #expect(try SysctlText.number(Array("60\n".utf8), name: "it", as: Int.self) == 60)
    #expect(try SysctlText.numbers(Array("1\t2\t3\n".utf8), name: "it") == [1, 2, 3])
    #expect(
      try SysctlText.portRange(Array("32768\t60999\n".utf8), name: "it") == 32768...60999)
    #expect(
      try SysctlText.portList(Array("8080,40000-40049\n".utf8), name: "it")
        == [8080...8080, 40000...40049])
    #expect(try SysctlText.portList(Array("\n".utf8), name: "it").isEmpty)
  }
}
