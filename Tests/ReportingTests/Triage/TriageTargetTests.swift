// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct TriageTargetTests {
  private let host = ListedHost()

  private func rows(_ target: TriageTarget) -> [SocketRow] {
    target.narrowed(host.sample, host.report).sample.sockets
  }

  @Test func `a process keeps its sockets, and those that wait for its listener`() {
    let rows = rows(.pid(812))
    #expect(Set(rows.map(\.inode)) == [100, 101, 0])
    #expect(rows.count { $0.inode == 0 } == 1)
    #expect(rows.allSatisfy { $0.localPort == 80 })
  }

  @Test func `a unit is taken with and without its suffix`() {
    #expect(rows(.unit("nginx")).count == 3)
    #expect(rows(.unit("nginx.service")).count == 3)
    #expect(rows(.unit("ngin")).isEmpty)
  }

  @Test func `a port is local or remote`() {
    #expect(rows(.port(443)).map(\.inode) == [102])
    #expect(rows(.port(40000)).map(\.inode) == [102])
    #expect(rows(.port(80)).count == 5)
  }

  @Test func `holders of other sockets are left out`() {
    let narrow = TriageTarget.port(443).narrowed(host.sample, host.report)
    #expect(Set(narrow.report.holders.map(\.inode)) == [102])
    #expect(Set(narrow.report.holders.map(\.process.pid)) == [4711, 4712])
  }

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
