// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One question asked of the census, and the facts about it. A rule is a function of its arguments:
/// no clock, no memory.
///
/// Its words are in `Reporting/Guide/Rules`, in a file of its own too.
package protocol Rule: SendableMetatype {
  static var id: RuleID { get }
  /// Names that it had in earlier versions. Journals, settings and commands still have them.
  static var formerNames: [String] { get }
  /// The causes that it can give, the commonest first. Never empty.
  static var causes: [Cause] { get }
  /// The states whose sockets it counts; `close` stands for dead sockets.
  static var states: [TCPState] { get }
  static var counts: Counted { get }
  static var patience: Patience { get }
  /// The other numbers that its judgement asks of the settings: these, and no more.
  static var thresholds: [Threshold] { get }

  /// What the rule says now: findings that fire, and those that are pending with their doubts.
  static func findings(in inquiry: Inquiry) -> [Finding]

  /// Places whose openers it wants to have caught in the act.
  static func hunts(in census: Census, settings: RuleSettings) -> [OpenerHunt]
}

extension Rule {
  package static var formerNames: [String] { [] }
  package static var counts: Counted { .sockets }
  package static func hunts(in census: Census, settings: RuleSettings) -> [OpenerHunt] { [] }
}

/// What the number of a finding is a number of.
package enum Counted: Hashable, Sendable {
  case sockets, deadSockets, openDescriptors, orphans
  /// Connections that nobody has accepted.
  case queued
}
