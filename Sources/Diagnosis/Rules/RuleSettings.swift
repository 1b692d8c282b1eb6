// SPDX-License-Identifier: Apache-2.0

/// What the rules are asked with. What each threshold decides, and why its default is what it is,
/// stands in ``Threshold``.
package struct RuleSettings: Hashable, Sendable {
  package var patienceSeconds = 120.0
  package var quietSeconds = 120.0

  /// Another patience for single rules.
  package var patienceByRule: [RuleID: Double] = [:]

  /// Rules that are not asked.
  package var disabledRules: Set<RuleID> = []

  package var fewestDefects = 3
  package var fewestStuck = 5
  package var fewestPoolLike = 10
  package var poolBound = 100
  package var mostUnjudged = 100

  /// The watch that is advised to who has looked once. What runs out before twice of it is over
  /// must be told by that look.
  package static let advisedWatchSeconds = 60.0

  /// A patience of less than a minute is somebody who asks now and cannot wait.
  var isShortWatch: Bool { patienceSeconds < 60 }

  /// What makes pool-like sockets too many for a pool.
  var fewestBeyondPools: Int { isShortWatch ? fewestPoolLike : poolBound }

  package var smallestBlock = 10
  package var drainShare = 0.1

  package var portShareWarning = 0.8
  package var portShareCritical = 0.95

  package var fewestUnfinished = 10
  package var unfinishedShare = 0.2

  package var descriptorShareWarning = 0.9
  package var criticalHorizonSeconds = 3600.0
  package var noticeHorizonSeconds = 7 * 86400.0

  package var idleSeconds = 600.0
  package var fewestIdle = 100

  package var orphanShareWarning = 0.5

  package var connectionLimit = 262_144

  package init() {}

  /// The patience of a rule: its own, else the common one.
  package func patience(for rule: RuleID) -> Double {
    patienceByRule[rule] ?? patienceSeconds
  }
}
