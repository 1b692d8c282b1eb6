// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// "We know this one": what an operator says of the findings of one rule on one owner. Until its
/// last day they are shown in one line, and alert nobody.
package struct Acceptance: Hashable, Sendable {
  package var owner: String
  package var rule: RuleID
  package var reason: String
  /// The last day on which it holds.
  package var until: CalendarDay

  package init(owner: String, rule: RuleID, reason: String, until: CalendarDay) {
    self.owner = owner
    self.rule = rule
    self.reason = reason
    self.until = until
  }

  /// What an entry says, each by its name. The settings, their manual and `explain` are made from
  /// this and say nothing of their own.
  package enum Field: String, CaseIterable, Sendable {
    case owner, rule, reason, until

    package var meaning: String {
      switch self {
      case .owner: "the unit, container or program, as triage names it"
      case .rule: "the rule that is accepted; others go on"
      case .reason: "why, for the next reader: a ticket, the version that fixes it"
      case .until: "the last day, in UTC"
      }
    }

    package var example: String {
      switch self {
      case .owner: "legacy.service"
      case .rule: "close-wait-stuck"
      case .reason: "fixed in 4.2 (ticket 812)"
      case .until: "2027-03-31"
      }
    }
  }

  package func text(_ field: Field) -> String {
    switch field {
    case .owner: owner
    case .rule: rule.rawValue
    case .reason: reason
    case .until: until.description
    }
  }

  /// What is accepted never counts, in triage, alerts and totals, until then.
  package static let meaning = """
    Findings that are known and accepted until a date. They take one line together, and count \
    neither in the exit code nor in alerts. After that date, or once there are twice as many as \
    when they were accepted, they are reported again
    """

  /// How it stands with a finding.
  package enum Standing: String, Hashable, Sendable, CaseIterable {
    case inForce = "in-force"
    /// Its last day is over.
    case expired
    /// There are twice as many as when it was accepted.
    case doubled
  }
}

/// That a finding is accepted, or was.
package struct Accepted: Hashable, Sendable {
  package var acceptance: Acceptance
  package var standing: Acceptance.Standing
  /// How many there were when it was taken up.
  package var sockets: Int

  package init(_ acceptance: Acceptance, _ standing: Acceptance.Standing, sockets: Int) {
    self.acceptance = acceptance
    self.standing = standing
    self.sockets = sockets
  }

  /// What some entries say of a finding that fires; nil: nothing. Of several that one that holds
  /// longest.
  init?(_ finding: Finding, by acceptances: [Acceptance], at wallSeconds: Double) {
    guard finding.lifecycle == .firing,
      let acceptance = acceptances.filter({
        $0.rule == finding.rule && finding.isOwner(meantBy: $0.owner)
      }).max(by: { $0.until < $1.until })
    else { return nil }
    let before = finding.accepted.flatMap { $0.acceptance == acceptance ? $0 : nil }
    self.acceptance = acceptance
    sockets = before?.sockets ?? max(1, finding.sockets)
    if wallSeconds >= acceptance.until.endsAtSeconds {
      standing = .expired
    } else {
      // Once it has been told, it is not known any more, also when it shrinks.
      let hasDoubled = before?.standing == .doubled || finding.sockets >= 2 * sockets
      standing = hasDoubled ? .doubled : .inForce
    }
  }
}

extension Owner {
  /// Whether people mean it by this name: its own, or one that they know as well. Of a unit that is
  /// the name without `.service`, of a program its file without what it runs, of a container its
  /// whole id.
  package func isMeant(by name: String) -> Bool {
    if name == self.name { return true }
    return switch kind {
    case .unit: ProcessRecord.isUnit(self.name, called: name)
    case .program: !name.isEmpty && self.name.hasPrefix(name + " ")
    case .container: self.name == ProcessRecord.containerName(name)
    default: false
    }
  }
}

extension Finding {
  /// Whether an entry means its owner: by what that is, or as a process of it is shown.
  func isOwner(meantBy name: String) -> Bool {
    if owner.isMeant(by: name) { return true }
    guard owner.kind == .program else { return false }
    return culprits.contains {
      $0.role != .peer && !name.isEmpty && $0.process.programNames.contains(name)
    }
  }

  /// Whether somebody has said that it is known, and that still holds.
  package var isAccepted: Bool { accepted?.standing == .inForce }
}
