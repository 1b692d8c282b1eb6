// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// How bad, by what runs out and when. Only `warning` and above ask a person to act.
package enum Severity: Int, Hashable, Sendable, Comparable, CaseIterable {
  case notice, warning, critical
  package var name: String {
    switch self {
    case .notice: "notice"
    case .warning: "warning"
    case .critical: "critical"
    }
  }
  package static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }

  mutating func raise(to other: Severity) { self = max(self, other) }
}

/// The life of a finding, in Prometheus' words.
package enum Lifecycle: String, Hashable, Sendable {
  /// Looks like it, and can't yet be told from something harmless. ``Finding/doubts`` says what
  /// is missing.
  case pending
  case firing
  case resolved
}

/// What an on-call engineer would restart or call by name.
package struct Owner: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case unit, container, program
    /// No process has it: the kernel does, on behalf of this listener's port or of nobody known.
    case kernel
    /// Some process has it, and is likely one that could not be read.
    case unseen
  }

  package var kind: Kind
  package var name: String
  /// What else is known of a container. It tells no owners apart: names become known later, and
  /// what was found before is of the same owner.
  package var container: ContainerIdentity?

  package init(_ kind: Kind, _ name: String, container: ContainerIdentity? = nil) {
    self.kind = kind
    self.name = name
    self.container = container
  }

  package static func == (a: Owner, b: Owner) -> Bool { a.kind == b.kind && a.name == b.name }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(name)
  }

  /// The owner of what no process holds, where the last holder is unknown.
  package static let nobody = Owner(.kernel, "kernel")
  /// The owner of what a process holds that could not be read.
  package static let unseen = Owner(.unseen, "holder not seen")
}

extension Owner: Comparable {
  package static func < (a: Owner, b: Owner) -> Bool {
    (a.name, a.kind.rawValue) < (b.name, b.kind.rawValue)
  }
}

/// One process of a finding and its part in it.
package struct Culprit: Hashable, Sendable {
  package enum Role: String, Hashable, Sendable {
    /// Has the descriptor open.
    case holder
    /// Listens on the port that the sockets belong to.
    case listener
    /// Opened the connections: remembered from when it held them, or seen with live siblings.
    case opener
    /// The other end of the same connections, on this host.
    case peer
  }

  package var process: ProcessRecord
  package var role: Role
  /// How many of the finding's sockets are this process's.
  package var sockets: Int
  /// How the role is known.
  package var attribution: Attribution

  package init(
    _ process: ProcessRecord, role: Role, sockets: Int, attribution: Attribution
  ) {
    self.process = process
    self.role = role
    self.sockets = sockets
    self.attribution = attribution
  }
}

/// How it is known that a socket belongs to a process. Never a guess sold as a fact.
package enum Attribution: String, Hashable, Sendable {
  /// A descriptor of the process refers to the socket's inode.
  case descriptor
  /// The process held this very socket (by cookie) when it was last seen with an owner.
  case remembered
  /// The socket waits in, or came through, the queue of a listener that the process holds.
  case listener
  /// The kernel has counted its connects to the same place.
  case counted
  /// Inferred: the process holds live connections of the same kind to the same place.
  case sibling
  /// Inferred: the holder is younger than the connection, and this is its parent.
  case parent
}

/// A rate with its uncertainty: events per second.
package struct Rate: Hashable, Sendable {
  package var perSecond: Double
  package var low: Double
  package var high: Double
  package init(perSecond: Double, low: Double, high: Double) {
    self.perSecond = perSecond
    self.low = low
    self.high = high
  }
}

/// What runs out, and when. A range: `low` to `high` seconds from the sample.
package struct Forecast: Hashable, Sendable {
  package enum Resource: String, Hashable, Sendable {
    case descriptors, ephemeralPorts = "ephemeral-ports", acceptQueue = "accept-queue"
    case timeWaitBuckets = "time-wait-buckets", orphans, tcpMemory = "tcp-memory"
  }
  package var resource: Resource
  package var used: Int
  package var limit: Int
  /// nil: does not run out at the present rate.
  package var seconds: Double?
  package var lowSeconds: Double?
  package var highSeconds: Double?
  package init(resource: Resource, used: Int, limit: Int) {
    self.resource = resource
    self.used = used
    self.limit = limit
  }

  /// How fast the rest is used up. Always a range: one number would claim too much.
  mutating func take(_ rate: Rate, left: Int) {
    guard rate.perSecond > 0 else { return }
    seconds = Double(left) / rate.perSecond
    lowSeconds = Double(left) / rate.high
    highSeconds = rate.low > 0 ? Double(left) / rate.low : nil
  }
  /// Whether connect(2), or whatever makes a descriptor, fails already.
  package var isUsedUp: Bool {
    used >= limit && (resource == .descriptors || resource == .ephemeralPorts)
  }
  /// A number that does not grow never runs out.
  package mutating func stop() { (seconds, lowSeconds, highSeconds) = (nil, nil, nil) }
}

/// How many of a finding's sockets go to one place.
package struct PeerCount: Hashable, Sendable {
  /// So many of a finding are kept.
  package static let most = 5
  package var remote: Endpoint
  package var sockets: Int
  package init(remote: Endpoint, sockets: Int) {
    self.remote = remote
    self.sockets = sockets
  }

  /// Those that are kept of all the places.
  static func commonest(_ counts: [Endpoint: Int]) -> [PeerCount] {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(most)
      .map { PeerCount(remote: $0.key, sockets: $0.value) }
  }
}

/// One socket of a finding, to check the verdict by hand.
package struct ExampleSocket: Hashable, Sendable {
  package var row: SocketRow
  package var age: Age
  package var holder: SocketHolder?
  package init(row: SocketRow, age: Age, holder: SocketHolder?) {
    self.row = row
    self.age = age
    self.holder = holder
  }
}

/// Numbers that prove a finding. The words for them are Reporting's.
package enum Evidence: Hashable, Sendable {
  /// Sockets that have stayed longer than the patience, and the patience.
  case survivors(count: Int, patienceSeconds: Double)
  /// Of all that entered the state while watching: how many have left, and how fast half of
  /// those left.
  case turnover(entered: Int, left: Int, medianDwellSeconds: Double?)
  /// Recv-Q of the stuck sockets: none, the FIN only, more.
  case receiveQueue(zero: Int, finOnly: Int, data: Int, largest: Int)
  case sendQueue(sockets: Int, largest: Int)
  /// A queue of a listener against its limit (nil when the source does not know it).
  case acceptQueue(used: Int, limit: Int?)
  /// A kernel counter that rose by `increase` in `seconds`.
  case counter(name: String, increase: Int, seconds: Double)
  /// A setting of this host that matters here.
  case setting(name: String, value: String)
  /// Retransmissions or probes of the sockets: the most and the median.
  case retransmits(median: Int, most: Int)
  /// Sockets whose connection has since died while the descriptor stayed.
  case turnedDead(count: Int)
  /// All share this unread byte count, the size of a TLS close_notify and the FIN.
  case closeNotifySized(bytes: Int)
  /// On so many the unread data came with the FIN and answers nothing: see ``SocketRow/isGoodbye``.
  case goodbyes(count: Int)
  /// An accept queue was full in so many samples, over this time, with at most so many in it.
  case queueFull(samples: Int, seconds: Double, most: Int)
  /// Connections that have left a full accept queue, counted one by one, and how many accepted
  /// ones were served beside it (nil: not read).
  case leftQueue(count: Int, seconds: Double, served: ClosedRange<Int>?)
  /// Attempts to connect that full accept queues of the namespace have turned away
  /// (`ListenOverflows` counts each repetition), and
  /// whether it can have been this one alone.
  case turnedAway(increase: Int, seconds: Double, byThisAlone: Bool)
  /// Handshakes that are not complete at a listener, against the limit of its SYN queue.
  case synQueue(used: Int, limit: Int)
  /// What the open descriptors of a process are.
  case descriptors(DescriptorContents)
  /// The number has not grown for at least this long.
  case standing(seconds: Double)
  /// Distinct local ports in use to one destination, and how many there can be.
  case portsInUse(used: Int, capacity: Int, source: IPAddress, destination: Endpoint)
  /// Connects to the same place that the kernel has counted, and whose most of them were.
  case connectsCounted(CountedConnects)
  /// Connections that were not used again after their first moments, and how many of them have been
  /// silent for as long as the patience or longer.
  case neverUsedAgain(count: Int, longest: Int, patienceSeconds: Double)
  /// Stands for findings on this many ports of one owner; the rest describes the worst of them.
  case manyPorts(count: Int, worst: UInt16?)
}

extension Evidence {
  /// How many connections it says have died.
  var turnedDead: Int { if case .turnedDead(let count) = self { count } else { 0 } }
}

extension Finding {
  /// Nothing of it was there in the newest look, and it may come back yet.
  package var isCalm: Bool { lifecycle == .firing && notSeenSince != nil && unseen == 0 }

  /// Those of its sockets whose connection has died, so that nobody knows the remote end any more.
  package var turnedDead: Int { evidence.reduce(0) { $0 + $1.turnedDead } }
}

/// What lowered the confidence, or what is still missing for a verdict.
package enum Doubt: String, Hashable, Sendable {
  /// One look: growth and draining cannot be seen.
  case oneLook = "one-look"
  /// Not watched for long enough.
  case watchedTooShort = "watched-too-short"
  /// An idle pool looks the same until one of its connections is used next.
  case poolOrLeak = "idle-pool-or-leak"
  /// Some of these do get closed, later than the patience.
  case someDrain = "some-drain"
  /// Ages are lower bounds.
  case agesAreBounds = "ages-are-bounds"
  /// Not every process could be read.
  case holdersIncomplete = "holders-incomplete"
  /// `/proc/net/tcp` has no cookie, age or bytes sent.
  case sourceLimited = "source-limited"
  /// MPTCP shows nowhere whether the end of the stream was read.
  case endUnknown = "end-unknown"
  /// The opener was inferred from live connections to the same place.
  case openerInferred = "opener-inferred"
  case openerUnknown = "opener-unknown"
  /// The holder was forked by a process that opens connections to the same place: it can have
  /// these from there.
  case holderOrHeir = "holder-or-heir"
  /// Too few to tell.
  case fewSockets = "few-sockets"
  /// The sampler had a gap in the watched time.
  case samplerGap = "sampler-gap"
}

/// A verdict of one rule on one subject, with its proof.
package struct Finding: Hashable, Sendable {
  /// Rule and subject: the same after a restart of closewatch or of the process.
  package var id: String
  package var rule: RuleID
  package var cause: Cause
  package var lifecycle: Lifecycle
  package var severity: Severity
  package var namespace: NetnsID
  package var namespaceName: String?
  package var owner: Owner
  /// Culprits first (holder, listener, opener), those with most sockets first; peers last.
  package var culprits: [Culprit] = []
  package var state: TCPState
  /// How many sockets (or descriptors) are stuck now.
  package var sockets: Int
  package var growth: Rate?
  /// Number of sockets over its whole life, oldest first, for a curve: at most 60 points, evenly
  /// apart in time.
  package var history: [HistoryPoint] = []
  package var oldest: Age?
  package var localPort: UInt16?
  package var remotePort: UInt16?
  package var peers: [PeerCount] = []
  package var examples: [ExampleSocket] = []
  package var forecast: Forecast?
  package var evidence: [Evidence] = []
  package var doubts: [Doubt] = []
  package var runtime = ProcessRuntime.unknown
  /// What the program waits for, or which limit of its own it has reached, where that is known.
  package var root: Root?
  /// The finding that this one follows from, by its id: without that one it would not be there. It
  /// counts neither in the exit code nor in totals.
  package var becauseOf: String?
  /// Whether somebody has said that it is known (``RuleSettings/accepted``).
  package var accepted: Accepted?
  /// When this finding began to fire; nil while pending.
  package var firingSince: BootInstant?
  /// When it was first seen, pending or not; nil until it is in the ledger.
  package var firstSeen: BootInstant?
  /// What has happened to it, oldest first; at most 8.
  package var changes: [FindingChange] = []
  /// The sockets that it is about, those that have outstayed the patience. Empty where it is about
  /// none, but about a process, a port range or the host.
  package var members: [Member] = []
  /// The most sockets that it ever had.
  package var peak = 0
  /// When its newest member joined; nil while it grows, and when that is not known.
  package var notGrowingSince: BootInstant?
  /// Members that the newest look could not show, and the last look that showed all.
  package var unseen = 0
  package var notSeenSince: BootInstant?
  /// How it ended; nil before it has.
  package var end: FindingEnd?
  /// How it is described while it neither grows nor shrinks.
  package var standingSeverity = Severity.warning

  package init(
    id: String, rule: RuleID, cause: Cause, lifecycle: Lifecycle, severity: Severity,
    namespace: NetnsID, owner: Owner, state: TCPState, sockets: Int
  ) {
    self.id = id
    self.rule = rule
    self.cause = cause
    self.lifecycle = lifecycle
    self.severity = severity
    self.namespace = namespace
    self.owner = owner
    self.state = state
    self.sockets = sockets
    peak = sockets
  }
}

/// One point of a finding's curve.
package struct HistoryPoint: Hashable, Sendable {
  package var at: BootInstant
  package var sockets: Int
  package init(at: BootInstant, sockets: Int) {
    self.at = at
    self.sockets = sockets
  }
}
