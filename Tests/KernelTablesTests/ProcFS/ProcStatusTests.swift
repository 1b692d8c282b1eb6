// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcStatusTests {
  @Test func `both user ids, threads and the pids of the namespaces are read`() throws {
    let text = "Name:\tUid:\\n\nUid:\t1000\t33\t7\t8\nNSpid:\t812\t17\nThreads:\t5\n"
    let status = try ProcStatus(Array(text.utf8))
    #expect(status.realUID == 1000)
    #expect(status.effectiveUID == 33)
    #expect(status.threads == 5)
    #expect(status.namespacePIDs == [812, 17])
  }

  @Test func `a kernel without NSpid has none`() throws {
    let status = try ProcStatus(Array("Uid:\t0\t0\t0\t0\nThreads:\t1\n".utf8))
    #expect(status.namespacePIDs.isEmpty)
  }
}
