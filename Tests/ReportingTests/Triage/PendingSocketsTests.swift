// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

/// What a triage says of sockets that are pending.
@Suite struct PendingSocketsTests {
  @Test func `what is pending waits to be closed too, each socket once`() {
    var host = ListedHost()
    host.report.deadSockets = (0..<3).map { number in
      DeadDescriptor(
        inode: 5000 + UInt64(number), process: ProcessID(pid: 4711, startTicks: 4711),
        fd: 100 + Int32(number))
    }
    // Two findings on the one CLOSE_WAIT of process 4711; one on its dead sockets.
    let pending = FoundLeak.closeWait(lifecycle: .pending)
    var dead = pending
    dead.state = .close
    let report = host.triage([pending, pending, dead], source: .look(.denied))
    let page = TriageText(report, style: TextStyle()).text()
    #expect(
      page.contains("No verdict yet: 5 of 10 sockets of 3 processes wait to be closed."), "\(page)")
  }
}
