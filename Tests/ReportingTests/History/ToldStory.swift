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
    severity: Severity = .warning, firedFor seconds: Double? = nil, unit: String = "api.service"
  ) {
    var finding = FoundLeak.closeWait(severity: severity, id: id)
    finding.sockets = sockets
    finding.owner = Owner(.unit, unit)
    finding.culprits[0].process.unit = unit
    finding.firingSince = seconds.map { BootInstant(seconds: 1000 - $0) }
    let event = FindingEvent(kind: kind, at: BootInstant(seconds: 1000), finding: finding)
    fold.take(JournalEntry(event).fields, at: at, bootID: boot, writer: writer)
  }

  /// What it came to by 100,000 in the same start of the machine.
  func history(now: Double = 100_000, boot: String? = "b1", gone: Set<Int32> = []) -> History {
    var fold = fold
    return fold.finish(now: now, bootID: boot) { gone.contains($0.pid) }
  }
}
