// SPDX-License-Identifier: Apache-2.0

/// The thresholds of the rules. Every default holds on an untouched production host; the reason
/// stands beside it.
package struct RuleSettings: Hashable, Sendable {
  /// How long a socket must sit in a state before it counts as stuck.
  ///
  /// 120 s: long polls and slow handlers mostly end within a minute; the kernel ends an orphaned
  /// FIN_WAIT2 after 60 s. A program that is slower by its own pace raises this for itself.
  package var patienceSeconds = 120.0

  /// How long a firing finding must have been untrue before it is resolved. 120 s: as long as it
  /// takes to be raised, so that one that flickers stays one story.
  package var quietSeconds = 120.0

  /// Another patience for single rules. `close-wait-stuck` shares that of `close-wait-leak`: both
  /// judge the same sockets.
  package var patienceByRule: [RuleID: Double] = [:]

  /// Rules that are not asked.
  package var disabledRules: Set<RuleID> = []

  /// Fewest stuck sockets of a defect that needs no trend to be one: the end of stream was read on
  /// an accepted connection, and the descriptor kept. 3: one or two can be a debugger's.
  package var fewestDefects = 3

  /// Fewest stuck sockets of the kinds that a slow handler shows too. 5: below that, a person
  /// looks at the handler, not at sockets.
  package var fewestStuck = 5

  /// Fewest stuck sockets that look like an idle pool's (outgoing, only the FIN unread), in a watch
  /// that is too short to wait for more. 10: the default size of common pools.
  package var fewestPoolLike = 10

  /// The size in one process beyond which no common pool goes. 100: the defaults of the pools of
  /// databases, HTTP clients and thread pools lie between 2 and 100.
  ///
  /// Up to there, a pool that fills (or workers that connect one after the other) cannot be told
  /// from a leak by anything the kernel shows, and a daemon has the time to wait: 100 descriptors
  /// are less than a tenth of the smallest limit in use.
  package var poolBound = 100

  /// So many sockets of one owner that have outstayed the patience are told of whatever they are,
  /// unless a rule can say why they are harmless. 100: as ``poolBound``.
  package var mostUnjudged = 100

  /// The watch that is advised to who has looked once. What runs out before twice of it is over
  /// must be told by that look.
  package static let advisedWatchSeconds = 60.0

  /// A patience of less than a minute is somebody who asks now and cannot wait.
  var isShortWatch: Bool { patienceSeconds < 60 }

  /// What makes pool-like sockets too many for a pool.
  var fewestBeyondPools: Int { isShortWatch ? fewestPoolLike : poolBound }

  /// A block that neither grows nor drains is reported from this size. 10 for accepted
  /// connections, which no pool keeps.
  package var smallestBlock = 10

  /// The share of those past the patience that may still get closed before it is called slow
  /// instead of stuck. 10 %: a leak's survivors stay; a slow closer closes nearly all.
  package var drainShare = 0.1

  /// Ephemeral ports: share of the range to one destination in use. 80 % warns: at 470 closes a
  /// second the default range lasts a minute, so less leaves no time to act.
  package var portShareWarning = 0.8
  /// 95 %: connects start to fail by collision before the last port is gone.
  package var portShareCritical = 0.95

  /// Closes or handshakes that do not finish: fewest of them. 10: the handful that every public
  /// host has (peers that vanish) stays below.
  package var fewestUnfinished = 10
  /// ... and their share of all new connections. 20 %: on public hosts some per cent of the peers
  /// vanish without a word, all day.
  package var unfinishedShare = 0.2

  /// Descriptors of a process: share of its soft limit. 90 %: pools and logs keep their distance.
  package var descriptorShareWarning = 0.9
  /// A leak that fills the limit within this time is critical. An hour: what it takes to wake a
  /// person who then finds and restarts the service.
  package var criticalHorizonSeconds = 3600.0
  /// A leak that needs longer than this to do harm is a notice. A week: it can wait for work hours.
  package var noticeHorizonSeconds = 7 * 86400.0

  /// Idle established connections: no byte either way for this long counts as idle. 600 s: above
  /// the idle timeouts of common proxies and load balancers (60 to 350 s).
  package var idleSeconds = 600.0
  /// Fewest idle connections of one owner before growth is looked at. 100: above common pools.
  package var fewestIdle = 100

  /// Orphans and TCP memory: share of the host's limit.
  package var orphanShareWarning = 0.5

  /// How many connections are remembered. 262,144: 40 MB at the most, reported when reached.
  package var connectionLimit = 262_144

  package init() {}

  /// The patience of a rule: its own, else the common one.
  package func patience(for rule: RuleID) -> Double {
    patienceByRule[rule] ?? patienceSeconds
  }
}
