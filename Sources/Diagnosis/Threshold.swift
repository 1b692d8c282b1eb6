// SPDX-License-Identifier: Apache-2.0

/// What the rules are asked with. What each value decides, and why its default is what it is,
/// stands in its ``Threshold``.
package struct RuleSettings: Hashable, Sendable {
  package var patienceSeconds = 120.0
  package var quietSeconds = 120.0

  /// Another patience for single rules.
  package var patienceByRule: [RuleID: Double] = [:]

  /// Rules that are not asked.
  package var disabledRules: Set<RuleID> = []

  /// Findings that are known.
  package var accepted: [Acceptance] = []

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
  package var firstUseSeconds = 10.0

  package var fewestSamples = 3
  package var queueFullSeconds = 30.0
  package var synQueueSeconds = 7.0

  package var orphanShareWarning = 0.5

  package var connectionLimit = 262_144

  package init() {}
}

/// A number of ``RuleSettings`` that can be set: what it decides and why its default is what it is.
/// The settings file, its manual and `explain` are made from this and say nothing of their own.
package struct Threshold: Sendable {
  package typealias Place<Value> = any WritableKeyPath<RuleSettings, Value> & Sendable

  /// Where it stands, in which unit, and what may be set.
  package enum Kind: Sendable {
    case seconds(Place<Double>, ClosedRange<Double>)
    case count(Place<Int>, ClosedRange<Int>)
    /// From 0 to 1; written as a percentage.
    case share(Place<Double>)
  }

  /// The key below `rules` in the settings.
  package let name: String
  package let kind: Kind
  /// What it decides: one or more sentences, without the last full stop.
  package let meaning: String
  /// Why the default is what it is. Goes on after the value and a colon.
  package let reason: String
  /// What else to know before it is changed.
  package var note: String?
  /// What the rule that names it multiplies it with.
  package private(set) var factor = 1

  /// For a rule that asks for several times as many.
  func times(_ factor: Int) -> Threshold {
    var copy = self
    copy.factor = factor
    return copy
  }

  private static func count(
    _ name: String, _ place: Place<Int>, in range: ClosedRange<Int> = 1...1_000_000,
    _ meaning: String, why reason: String, note: String? = nil
  ) -> Threshold {
    Threshold(
      name: name, kind: .count(place, range), meaning: meaning, reason: reason, note: note)
  }

  private static func share(
    _ name: String, _ place: Place<Double>, _ meaning: String, why reason: String
  ) -> Threshold {
    Threshold(name: name, kind: .share(place), meaning: meaning, reason: reason)
  }

  private static func seconds(
    _ name: String, _ place: Place<Double>, upTo most: Double, _ meaning: String,
    why reason: String, note: String? = nil
  ) -> Threshold {
    Threshold(
      name: name, kind: .seconds(place, 1...most), meaning: meaning, reason: reason, note: note)
  }
}

extension Threshold {
  /// All of them, in the order of the settings file.
  package static let all = [
    patience, quiet, fewestDefects, fewestStuck, fewestPoolLike, poolBound,
    mostUnjudged, smallestBlock, drainShare, fewestUnfinished, unfinishedShare, idle, fewestIdle,
    firstUse, portShareWarning, portShareCritical, descriptorShareWarning, criticalHorizon,
    noticeHorizon, fewestSamples, queueFull, synQueue, orphanShareWarning,
    connectionLimit,
  ]

  private static let day = 86_400.0

  package static let patience = seconds(
    "patience", \.patienceSeconds, upTo: day,
    "How long a socket must sit in a state before it counts as stuck",
    why: """
      long polls and slow handlers mostly end within a minute; the kernel ends an orphaned \
      FIN_WAIT2 after 60 s
      """,
    note: "Raise it where programs are slow by design.")

  package static let quiet = seconds(
    "quiet", \.quietSeconds, upTo: day,
    """
    How long a finding must not have been seen before it is resolved, unless all its sockets were \
    closed or went with their process
    """,
    why: "as long as it takes to fire, so that a finding that flaps stays one finding")

  package static let fewestDefects = count(
    "fewest-defects", \.fewestDefects,
    """
    Fewest stuck sockets where the fault is obvious: the end of stream was read on an accepted \
    connection and the descriptor kept, or nobody accepts
    """,
    why: "one or two can be a debugger's")

  package static let fewestStuck = count(
    "fewest-stuck", \.fewestStuck,
    "Fewest stuck sockets where a slow handler would look the same",
    why: "below that, the handler is the place to look, not the sockets")

  package static let fewestPoolLike = count(
    "fewest-pool-like", \.fewestPoolLike,
    """
    Fewest stuck sockets that look like an idle pool's: outgoing, only the FIN unread. With a \
    patience below one minute this number is enough; otherwise pool-bound applies too
    """,
    why: "the default size of common pools")

  package static let poolBound = count(
    "pool-bound", \.poolBound,
    """
    The size that no common pool exceeds in one process. Up to it, sockets that look like an idle \
    pool's stay pending: nothing the kernel shows tells a pool that fills from a leak
    """,
    why: """
      the default sizes of database, HTTP client and thread pools are 2 to 100, and a daemon can \
      afford to wait
      """)

  package static let mostUnjudged = count(
    "most-unjudged", \.mostUnjudged,
    """
    From this many sockets of one owner past the patience they are reported whatever they look \
    like, unless a rule can say why they are harmless
    """,
    why: "no common pool is larger: see pool-bound")

  package static let smallestBlock = count(
    "smallest-block", \.smallestBlock,
    "A block that neither grows nor drains is reported from this size",
    why: "a few old connections do no harm, and no pool keeps accepted ones")

  package static let drainShare = share(
    "drain-share", \.drainShare,
    """
    When more than this share of the sockets past the patience still get closed, they are slow and \
    not stuck
    """,
    why: "what leaks stays; a slow program closes nearly all")

  package static let fewestUnfinished = count(
    "fewest-unfinished", \.fewestUnfinished,
    "Closes or handshakes that do not finish: the fewest that are reported",
    why: "the handful that every public host has (peers that vanish) stays below")

  package static let unfinishedShare = share(
    "unfinished-share", \.unfinishedShare,
    """
    Closes or handshakes that do not finish: from this share of all new connections they are a \
    warning, below it a notice
    """,
    why: "on public hosts a few percent of peers always disappear silently")

  package static let idle = seconds(
    "idle", \.idleSeconds, upTo: 30 * day,
    "Established connections: no byte in either direction for this long counts as idle",
    why: "above the idle timeouts of common proxies and load balancers (60 to 350 s)")

  package static let fewestIdle = count(
    "fewest-idle", \.fewestIdle,
    """
    Fewest idle connections of one owner before growth is judged. This many must reach a limit \
    within critical-horizon, twice as many within twice that time, and so on
    """,
    why: "above common pools")

  package static let firstUse = seconds(
    "first-use", \.firstUseSeconds, upTo: day,
    """
    A connection that a process has opened counts as never reused when no byte has moved on it \
    later than this after it was opened
    """,
    why: "nearly every request is answered by then, and heartbeats come 10 s apart or more")

  package static let portShareWarning = share(
    "port-share-warning", \.portShareWarning,
    "Ephemeral ports to one destination: the share in use that warns",
    why: """
      at 470 closes a second the default range lasts one minute, so warning later leaves no time \
      to act
      """)

  package static let portShareCritical = share(
    "port-share-critical", \.portShareCritical,
    "Ephemeral ports to one destination: the share that is critical",
    why: "connects start to fail by collision before the last port is gone")

  package static let descriptorShareWarning = share(
    "descriptor-share-warning", \.descriptorShareWarning,
    """
    Descriptors of a process: the share of its soft limit from which it is reported, and from \
    which a leak is critical
    """,
    why: "pools and log files normally stay well below")

  package static let criticalHorizon = seconds(
    "critical-horizon", \.criticalHorizonSeconds, upTo: 30 * day,
    "What runs out within this time is critical",
    why: "it takes that long to wake a person who then finds and restarts the service")

  package static let noticeHorizon = seconds(
    "notice-horizon", \.noticeHorizonSeconds, upTo: 366 * day,
    "A leak that needs longer than this to do harm is a notice",
    why: "it can wait for working hours")

  package static let fewestSamples = count(
    "fewest-samples", \.fewestSamples,
    """
    A queue must be full, or a process near its descriptor limit, in this many samples in a row \
    before it is reported
    """,
    why: "a burst is over in the next one or two")

  package static let queueFull = seconds(
    "queue-full", \.queueFullSeconds, upTo: day,
    "How long an accept queue must be full, or half the patience where that is shorter",
    why: "a client has sent its SYN five times by then (after 1, 3, 7 and 15 s again)")

  package static let synQueue = seconds(
    "syn-queue", \.synQueueSeconds, upTo: day,
    """
    How long half of a SYN queue must hold handshakes whose SYN-ACK was sent again, while the \
    accept queue is not full
    """,
    why: "three retransmissions of the SYN-ACK take that long (after 1, 3 and 7 s)")

  package static let orphanShareWarning = share(
    "orphan-share-warning", \.orphanShareWarning,
    """
    Orphans: the share of the host's limit that warns. TCP memory has no share: it warns from the \
    kernel's own pressure mark, the second number of tcp_mem
    """,
    why: """
      from there on the kernel ends orphans early when their peers have gone silent \
      (tcp_out_of_resources())
      """)

  package static let connectionLimit = count(
    "connection-limit", \.connectionLimit, in: 1024...4_194_304,
    "How many connections are remembered; those above are counted, and the output says so",
    why: "about 40 MB at this default; a service with little memory remembers fewer",
    note: "A change takes effect at the next start.")
}
