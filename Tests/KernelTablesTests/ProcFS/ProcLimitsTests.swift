// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcLimitsTests {
  @Test func `soft and hard limit are read`() throws {
    let text = """
      Limit                     Soft Limit           Hard Limit           Units
      Max processes             96365                96365                processes
      Max open files            1024                 524288               files

      """
    let limits = try ProcLimits(Array(text.utf8))
    #expect(limits.openFilesSoft == 1024)
    #expect(limits.openFilesHard == 524_288)
  }

  @Test func `unlimited is the largest number`() throws {
    let text = "Max open files            unlimited            unlimited            files\n"
    #expect(try ProcLimits(Array(text.utf8)).openFilesSoft == .max)
  }
}
