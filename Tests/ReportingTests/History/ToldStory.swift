// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting

/// Entries as a daemon tells them, at chosen times.
struct ToldStory {
  var fold: HistoryFold
  var boot = "b1"
  var writer: FindingStory.Writer? = FindingStory.Writer(pid: 77, command: "closewatch")

  init(_ filter: HistoryFilter = HistoryFilter(since: 0)) { fold = HistoryFold(filter) }

  /// Takes an event of the finding `id`, told at `at`.
  mutating func tell(
    _ kind: FindingEvent.Kind, at: Double, sockets: Int, id: String = "a",
    severity: Severity = .warning, firedFor seconds: Double? = nil, unit: String = "api.service",
    _ change: (inout Finding) -> Void = { _ in }
  ) {
    var finding = FoundLeak.closeWait(severity: severity, id: id)
    finding.sockets = sockets
    finding.peak = sockets
    finding.owner = Owner(.unit, unit)
    finding.culprits[0].process.unit = unit
    finding.firingSince = seconds.map { BootInstant(seconds: 1000 - $0) }
    change(&finding)
    let event = FindingEvent(kind: kind, at: BootInstant(seconds: 1000), finding: finding)
    fold.take(JournalEntry(event).fields, at: at, bootID: boot, writer: writer)
  }

  /// Takes the entry of a release of `sockets`, by user 1000 as root.
  mutating func release(
    at: Double, sockets: Int = 5, gone: Int = 0, failed: Int = 0, port: UInt16? = nil,
    command: String = "python3", unit: String? = "api.service"
  ) {
    var order = ReleasePlan.Order(pid: 4711, olderThanSeconds: 300, limit: 100)
    order.port = port
    let holder = FoundLeak.process(4711, command, unit: unit)
    var report = HolderReport()
    report.processes = [holder]
    var sample = Sample(
      takenAt: BootInstant(seconds: 1000), wallClockSeconds: 0, states: StateSet(.closeWait))
    for index in 0..<sockets {
      var row = SocketRow()
      row.state = .closeWait
      row.cookie = UInt64(index + 1)
      row.inode = UInt64(index + 1)
      row.localPort = port ?? 80
      row.lastAckReceivedMilliseconds = 900_000
      row.lastDataReceivedMilliseconds = 900_000
      row.knowledge = [.cookie, .tcpInfo]
      sample.sockets.append(row)
      report.holders.append(SocketHolder(inode: row.inode, process: holder.id, fd: Int32(index)))
    }
    let plan = ReleasePlan(order, sample: sample, report: report)
    var result = ReleaseResult()
    result.released = plan.choices
    result.goneMeanwhile = gone
    result.failed = failed > 0 ? ["Operation not permitted (EPERM)": failed] : [:]
    let fields = result.fields(
      plan, by: ReleaseResult.Operator(uid: 0, loginUID: 1000))
    fold.takeRelease(fields, at: at)
  }

  /// What it came to by 100,000 in the same start of the machine.
  func history(now: Double = 100_000, boot: String? = "b1", gone: Set<Int32> = []) -> History {
    var fold = fold
    return fold.finish(now: now, bootID: boot) { gone.contains($0.pid) }
  }
}
