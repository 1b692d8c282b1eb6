// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// A threshold of a rule: what it decides, its value, and why it is that one.
package struct RuleThreshold: Hashable, Sendable {
  /// The name of the setting: that of ``Diagnosis/RuleSettings``, with underscores.
  package var name: String
  /// The value with its unit: `120 s`, `10`, `80 %`.
  package var value: String
  /// What it decides.
  package var meaning: String
  /// Why the default is what it is.
  package var reason: String

  /// The thresholds that `rule` asks, with the values of `settings`.
  package static func all(of rule: RuleID, _ settings: RuleSettings) -> [RuleThreshold] {
    let (own, takesPatience, hasForecast) = own(rule, settings)
    return (takesPatience ? [patience(of: rule, settings)] : []) + own
      + (hasForecast ? horizons(settings) : [])
  }

  private static func own(
    _ rule: RuleID, _ settings: RuleSettings
  ) -> (own: [RuleThreshold], takesPatience: Bool, hasForecast: Bool) {
    switch rule {
    case .closeWaitLeak:
      ([fewestDefects(settings), fewestStuck(settings), fewestPoolLike(settings)], true, true)
    case .closeWaitStuck: ([fewestStuck(settings), smallestBlock(settings)], true, false)
    case .acceptQueueStall: ([fewestDefects(settings)], true, false)
    case .closedFdLeak: ([fewestStuck(settings)], true, true)
    case .finWait2Owned: ([fewestStuck(settings), smallestBlock(settings)], true, true)
    case .finWait1Pileup, .lastAckPileup, .closingPileup, .synRecvPileup, .synSentPileup:
      (unfinished(settings), true, false)
    case .timeWaitPortExhaustion: (ports(settings), false, true)
    case .timeWaitBucketOverflow: ([], true, false)
    case .establishedIdleGrowth: (idle(settings), false, true)
    case .descriptorExhaustion: ([descriptors(settings)], false, true)
    case .orphanPressure: ([orphans(settings)], false, false)
    default: ([], false, false)
    }
  }

  private init(_ name: String, _ value: String, _ meaning: String, why reason: String) {
    self.name = name
    self.value = value
    self.meaning = meaning
    self.reason = reason
  }

  private static func percent(_ share: Double) -> String {
    Quantity.fixed(share * 100, decimals: 0) + " %"
  }

  private static func patience(of rule: RuleID, _ settings: RuleSettings) -> RuleThreshold {
    // Both judge the same sockets.
    let seconds = settings.patience(for: rule == .closeWaitStuck ? .closeWaitLeak : rule)
    return RuleThreshold(
      "patience_seconds", Quantity.fixed(seconds, decimals: 0) + " s",
      "a socket must sit in its state for this long to count as stuck",
      why: "long polls and slow handlers mostly end within a minute; triage --for takes less")
  }

  private static func fewestDefects(_ settings: RuleSettings) -> RuleThreshold {
    RuleThreshold(
      "fewest_defects", Quantity.count(settings.fewestDefects),
      "fewest stuck sockets where the defect is plain without a trend",
      why: "one or two can be a debugger's")
  }

  private static func fewestStuck(_ settings: RuleSettings) -> RuleThreshold {
    RuleThreshold(
      "fewest_stuck", Quantity.count(settings.fewestStuck),
      "fewest stuck sockets of the kinds that a slow handler shows too",
      why: "below that, a person looks at the handler, not at sockets")
  }

  private static func fewestPoolLike(_ settings: RuleSettings) -> RuleThreshold {
    RuleThreshold(
      "fewest_pool_like", Quantity.count(settings.fewestPoolLike),
      "fewest that look like an idle pool: outgoing, only the FIN unread",
      why: "a pool takes its stale connections first; workers that come up can look alike")
  }

  private static func smallestBlock(_ settings: RuleSettings) -> RuleThreshold {
    RuleThreshold(
      "smallest_block", Quantity.count(settings.smallestBlock),
      "a block that neither grows nor drains is reported from this size",
      why: "a few old connections harm nobody")
  }

  private static func unfinished(_ settings: RuleSettings) -> [RuleThreshold] {
    [
      RuleThreshold(
        "fewest_unfinished", Quantity.count(settings.fewestUnfinished),
        "fewest that do not finish",
        why: "the handful that every public host has stays below"),
      RuleThreshold(
        "unfinished_share", percent(settings.unfinishedShare),
        "and their share of all new connections",
        why: "on public hosts some per cent of the peers vanish without a word, all day"),
    ]
  }

  private static func ports(_ settings: RuleSettings) -> [RuleThreshold] {
    [
      RuleThreshold(
        "port_share_warning", percent(settings.portShareWarning),
        "of the ports towards one destination in use: a warning",
        why: "at 470 closes a second the default range lasts a minute"),
      RuleThreshold(
        "port_share_critical", percent(settings.portShareCritical),
        "of them in use: critical",
        why: "connects start to fail before the last port is gone"),
    ]
  }

  private static func idle(_ settings: RuleSettings) -> [RuleThreshold] {
    [
      RuleThreshold(
        "idle_seconds", Quantity.fixed(settings.idleSeconds, decimals: 0) + " s",
        "no byte either way for this long is idle",
        why: "above the idle timeouts of common proxies and load balancers (60 to 350 s)"),
      RuleThreshold(
        "fewest_idle", Quantity.count(settings.fewestIdle),
        "fewest idle connections of one owner before growth is looked at",
        why: "above common pools"),
    ]
  }

  private static func descriptors(_ settings: RuleSettings) -> RuleThreshold {
    RuleThreshold(
      "descriptor_share_warning", percent(settings.descriptorShareWarning),
      "of the soft limit of open files in use",
      why: "pools and logs keep their distance from the limit")
  }

  private static func orphans(_ settings: RuleSettings) -> RuleThreshold {
    RuleThreshold(
      "orphan_share_warning", percent(settings.orphanShareWarning),
      "of the host's limit of orphans or TCP memory in use",
      why: "the kernel resets connections when the limit is reached")
  }

  private static func horizons(_ settings: RuleSettings) -> [RuleThreshold] {
    [
      RuleThreshold(
        "critical_horizon_seconds", Quantity.duration(settings.criticalHorizonSeconds),
        "critical when something runs out within this time",
        why: "it takes that long to wake a person who finds and restarts the service"),
      RuleThreshold(
        "notice_horizon_seconds", Quantity.duration(settings.noticeHorizonSeconds),
        "a notice when it takes longer than this",
        why: "it can wait for work hours"),
    ]
  }
}
