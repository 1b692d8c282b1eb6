// SPDX-License-Identifier: Apache-2.0

/// How much a finding matters: the lesser, the more. First how bad it is, so that nothing critical
/// gives way to anything less where there is no room for all. Then what runs out first.
package struct FindingRank: Comparable {
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
    secondsLeft = finding.hasRunOut ? 0 : finding.forecast?.seconds ?? .infinity
    sockets = finding.sockets
    id = finding.id
  }

  /// The order in which findings are told: what is only pending comes after all that fires.
  package static func isToldFirst(_ a: Finding, _ b: Finding) -> Bool {
    let isFiring = (a.lifecycle == .firing, b.lifecycle == .firing)
    if isFiring.0 != isFiring.1 { return isFiring.0 }
    return a.rank < b.rank
  }

  package static func < (a: Self, b: Self) -> Bool {
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

  /// Whether what it uses up has run out already. Critical, without a time and with hardly any
  /// left, it has: the last few ports are no comfort while each that comes back is taken at once.
  /// A process that stands at nine tenths of its descriptors may stay there for ever.
  package var hasRunOut: Bool {
    guard severity == .critical, let forecast else { return false }
    if forecast.used >= forecast.limit { return true }
    guard [.ephemeralPorts, .orphans, .tcpMemory].contains(forecast.resource) else { return false }
    // The kernel's numbers go up to the greatest there is.
    return forecast.seconds == nil && 10 * Double(forecast.used) >= 9 * Double(forecast.limit)
  }
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
