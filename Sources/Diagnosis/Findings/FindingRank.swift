// SPDX-License-Identifier: Apache-2.0

/// How much a finding matters where there is no room for all: the lesser, the more. First how bad
/// it is, so that nothing critical gives way to anything less.
struct FindingRank: Comparable {
  private let isOver: Bool
  private let severity: Severity
  private let isNew: Bool
  private let isPending: Bool
  private let secondsLeft: Double
  private let sockets: Int
  let id: String

  /// - Parameter isNew: What goes on from before comes before what is no worse.
  init(_ finding: Finding, isNew: Bool = false) {
    isOver = finding.lifecycle == .resolved
    severity = finding.severity
    self.isNew = isNew
    isPending = finding.lifecycle == .pending
    secondsLeft = finding.forecast?.seconds ?? .infinity
    sockets = finding.sockets
    id = finding.id
  }

  static func < (a: Self, b: Self) -> Bool {
    if a.isOver != b.isOver { return b.isOver }
    if a.severity != b.severity { return a.severity > b.severity }
    if a.isNew != b.isNew { return b.isNew }
    if a.isPending != b.isPending { return b.isPending }
    if a.secondsLeft != b.secondsLeft { return a.secondsLeft < b.secondsLeft }
    return a.sockets == b.sockets ? a.id < b.id : a.sockets > b.sockets
  }
}

extension Finding {
  var rank: FindingRank { FindingRank(self) }
}

/// Findings for which there was no room.
package struct LeftOut: Hashable, Sendable {
  package private(set) var bySeverity: [Severity: Int] = [:]

  package init() {}

  package var count: Int { bySeverity.values.reduce(0, +) }
  /// nil: nothing was left out.
  package var worst: Severity? { bySeverity.keys.max() }

  package mutating func add(_ finding: Finding) { bySeverity[finding.severity, default: 0] += 1 }
}
