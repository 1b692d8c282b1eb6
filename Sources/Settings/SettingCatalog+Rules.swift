// SPDX-License-Identifier: Apache-2.0

import Diagnosis

extension SettingCatalog {
  static let rules: [SettingKey] = stuck + unfinished + limits

  private static let stuck: [SettingKey] = [
    .time(
      "rules.patience", \.rules.patienceSeconds, from: 1, to: 86_400,
      """
      How long a socket must sit in a state before it counts as stuck. 2m: long polls and slow
      handlers mostly end within a minute; the kernel ends an orphaned FIN_WAIT2 after 60s. Raise
      it where programs are slower by their own pace.
      """),
    .time(
      "rules.quiet", \.rules.quietSeconds, from: 1, to: 86_400,
      """
      How long a firing finding must have been untrue before it is resolved. 2m: as long as it
      takes to be raised, so that one that flickers stays one story.
      """),
    .patienceByRule(
      "rules.patience-by-rule",
      """
      Another patience for single rules: {established-idle-growth: 20m}. {} by default: all share
      the one above. close-wait-stuck has that of close-wait-leak: both judge the same sockets.
      """),
    .rules(
      "rules.disabled", \.rules.disabledRules,
      """
      Rules that are not asked: [syn-recv-pileup, orphan-pressure]. [] by default: a rule that is
      wrong about your host is better told so by its threshold.
      """),
    .count(
      "rules.fewest-defects", \.rules.fewestDefects, 1...1_000_000,
      """
      Fewest stuck sockets of a defect that needs no trend to be one: the end of stream was read
      on an accepted connection, and the descriptor kept. 3: one or two can be a debugger's.
      """),
    .count(
      "rules.fewest-stuck", \.rules.fewestStuck, 1...1_000_000,
      """
      Fewest stuck sockets of the kinds that a slow handler shows too. 5: below that, a person
      looks at the handler, not at sockets.
      """),
    .count(
      "rules.fewest-pool-like", \.rules.fewestPoolLike, 1...1_000_000,
      """
      Fewest stuck sockets that look like an idle pool's (outgoing, only the FIN unread), in a
      watch that is too short to wait for more. 10: the default size of common pools.
      """),
    .count(
      "rules.pool-bound", \.rules.poolBound, 1...1_000_000,
      """
      The size in one process beyond which no common pool goes. 100: the defaults of the pools of
      databases, HTTP clients and thread pools lie between 2 and 100. Up to there a pool that fills
      can't be told from a leak by anything the kernel shows: it is pending.
      """),
    .count(
      "rules.smallest-block", \.rules.smallestBlock, 1...1_000_000,
      """
      A block that neither grows nor drains is reported from this size. 10 for accepted
      connections, which no pool keeps.
      """),
    .share(
      "rules.drain-share", \.rules.drainShare,
      """
      The share of those past the patience that may still get closed before it is called slow
      instead of stuck. 10%: a leak's survivors stay; a slow closer closes nearly all.
      """),
  ]

  private static let unfinished: [SettingKey] = [
    .count(
      "rules.fewest-unfinished", \.rules.fewestUnfinished, 1...1_000_000,
      """
      Closes or handshakes that do not finish: fewest of them. 10: the handful that every public
      host has (peers that vanish) stays below.
      """),
    .share(
      "rules.unfinished-share", \.rules.unfinishedShare,
      """
      Closes or handshakes that do not finish: their share of all new connections. 20%: on public
      hosts some per cent of the peers vanish without a word, all day.
      """),
    .time(
      "rules.idle", \.rules.idleSeconds, from: 1, to: 30 * 86_400,
      """
      Idle established connections: no byte either way for this long counts as idle. 10m: above
      the idle timeouts of common proxies and load balancers (60s to 350s).
      """),
    .count(
      "rules.fewest-idle", \.rules.fewestIdle, 1...1_000_000,
      """
      Fewest idle connections of one owner before growth is looked at. 100: above common pools.
      """),
  ]

  private static let limits: [SettingKey] = [
    .share(
      "rules.port-share-warning", \.rules.portShareWarning,
      """
      Ephemeral ports to one destination: the share in use that warns. 80%: at 470 closes a second
      the default range lasts a minute, so less leaves no time to act.
      """),
    .share(
      "rules.port-share-critical", \.rules.portShareCritical,
      """
      Ephemeral ports to one destination: the share that is critical. 95%: connects start to fail
      by collision before the last port is gone.
      """),
    .share(
      "rules.descriptor-share-warning", \.rules.descriptorShareWarning,
      """
      Descriptors of a process: the share of its soft limit that warns. 90%: pools and logs keep
      their distance.
      """),
    .time(
      "rules.critical-horizon", \.rules.criticalHorizonSeconds, from: 1, to: 30 * 86_400,
      """
      A leak that fills the limit within this time is critical. 1h: what it takes to wake a person
      who then finds and restarts the service.
      """),
    .time(
      "rules.notice-horizon", \.rules.noticeHorizonSeconds, from: 1, to: 366 * 86_400,
      """
      A leak that needs longer than this to do harm is a notice. 7d: it can wait for work hours.
      """),
    .share(
      "rules.orphan-share-warning", \.rules.orphanShareWarning,
      """
      Orphans and TCP memory: the share of the host's limit that warns. 50%: from there on the
      kernel ends orphans early whose peers have fallen silent (tcp_out_of_resources()).
      """),
    .count(
      "rules.connection-limit", \.rules.connectionLimit, 1024...4_194_304,
      """
      How many connections are remembered; what is above is counted and said. 262144: 40 MB at the
      most. A change holds from the next start.
      """),
  ]
}
