// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Which processes of a run could be looked into.
struct RunSight: Sendable {
  /// The first and the last look that could read one.
  private var read: (first: BootInstant, last: BootInstant)?
  private var unreadable: [ProcessID: Stay] = [:]

  private struct Stay {
    var process: ProcessRecord
    var first: BootInstant
    var last: BootInstant
  }

  mutating func take(_ report: HolderReport, at now: BootInstant) {
    if report.descendants > report.unreadable.count { read = (read?.first ?? now, now) }
    for process in report.unreadable {
      unreadable[process.id, default: Stay(process: process, first: now, last: now)].last = now
    }
    // One that has become another program meanwhile can be read.
    guard report.descendants > 0 else { return }
    let hidden = Set(report.unreadable.map(\.id))
    for process in report.processes where !hidden.contains(process.id) {
      unreadable[process.id] = nil
    }
  }

  /// Whether one could be read for so long. A program that hides itself can be read as it starts.
  func hasRead(forAtLeast seconds: Double) -> Bool {
    read.map { $0.last.seconds(since: $0.first) >= seconds } ?? false
  }

  func unseen(forAtLeast seconds: Double) -> [ProcessRecord] {
    unreadable.values.filter { $0.last.seconds(since: $0.first) >= seconds }.map(\.process)
      .sorted { $0.id < $1.id }
  }
}
