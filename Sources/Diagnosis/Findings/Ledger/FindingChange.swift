// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One thing that has happened to a finding.
package struct FindingChange: Hashable, Sendable {
  /// What it was.
  package enum Kind: Hashable, Sendable {
    /// It was there for the first time, without a verdict yet.
    case appeared(sockets: Int)
    /// The verdict was confirmed.
    case fired(sockets: Int)
    /// Twice as many as when it was last reported.
    case doubled(sockets: Int)
    case severity(Severity)
    /// Its main process is another one, which started later: a restart, or a new worker.
    case replaced(was: ProcessID, now: ProcessID)
    /// It was accepted, and no longer is.
    case acceptanceOver(Acceptance.Standing)
    case ended
  }

  package var at: BootInstant
  package var kind: Kind

  package init(at: BootInstant, kind: Kind) {
    self.at = at
    self.kind = kind
  }

  /// How many a finding remembers: the first two, and the newest of the others.
  static let most = 8
}

extension [FindingChange] {
  /// Adds one, and forgets the oldest that is not the story's beginning.
  mutating func add(_ kind: FindingChange.Kind, at instant: BootInstant) {
    append(FindingChange(at: instant, kind: kind))
    if count > FindingChange.most { remove(at: 2) }
  }
}
