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

  /// Each process has fewer than its rule asks for.
  @Test(arguments: [(49, true), (50, false)])
  func `nothing is no verdict on a hundred dead sockets of one owner that no finding speaks of`(
    each: Int, isSilent: Bool
  ) {
    var host = ListedHost()
    let pids = host.report.processes.map(\.id).prefix(2)
    for index in host.report.processes.indices {
      host.report.processes[index].unit = "api.service"
    }
    host.report.deadSockets = pids.enumerated().flatMap { position, process in
      (0..<each).map { number in
        DeadDescriptor(
          inode: 5000 + UInt64(1000 * position + number), process: process, fd: 100 + Int32(number))
      }
    }
    let page = TriageText(host.triage(watched: 600), style: TextStyle()).text()
    #expect(page.contains("No leaks found") == isSilent, "\(page)")
    #expect(page.contains("No verdict yet") == !isSilent)
  }
}
