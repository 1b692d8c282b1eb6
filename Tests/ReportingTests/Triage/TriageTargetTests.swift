// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct TriageTargetTests {
  private let host = ListedHost()

  @Test(arguments: [
    (TriageTarget.pid(4711), true), (.pid(99), true), (.pid(1), false),
    (.unit("api"), true), (.unit("api.service"), true), (.unit("web"), false),
    (.port(18080), true), (.port(42720), true), (.port(80), false),
  ])
  func `a finding is about its culprits, its unit and its ports`(
    _ target: TriageTarget, _ isAdmitted: Bool
  ) {
    #expect(target.admits(FoundLeak.closeWait()) == isAdmitted)
  }

  @Test func `what is not there is said in one line`() {
    for target in [TriageTarget.pid(1), .unit("web"), .port(9)] {
      #expect(!target.isSeen(in: host.sample, host.report))
      #expect(!target.absence.contains("\n"))
    }
    for target in [TriageTarget.pid(4711), .unit("nginx"), .port(5432)] {
      #expect(target.isSeen(in: host.sample, host.report))
    }
  }
}
