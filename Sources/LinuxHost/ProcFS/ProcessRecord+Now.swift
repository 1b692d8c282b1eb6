// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension ProcessRecord {
  /// Who has this number now; nil: nobody. Read by whoever asks, and not by an eye: for a program
  /// that has been told to look at this very process.
  package init?(ofNow pid: Int32) {
    var gaps = GapTally()
    var reader = ProcessReader(procRoot: "/proc")
    guard let record = reader.record(pid: pid, arguments: false, gaps: &gaps) else { return nil }
    self = record
  }
}
