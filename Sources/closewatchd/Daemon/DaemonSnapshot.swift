// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting

/// What the daemon knows after its newest turn: the only thing that the outlets (HTTP, status
/// page) read. A value of bounded size; it holds no rows of the socket table.
struct DaemonSnapshot: Sendable {
  /// When the daemon started, on the boot clock and in seconds since 1970.
  var startedAt: BootInstant
  var startedWallSeconds: Double
  /// The newest look of any kind; nil until the first has ended.
  var newestLook: LookSummary?
  /// The newest look that read ESTABLISHED sockets too.
  var fullLook: LookSummary?
  /// The namespaces of the newest look, by id. ESTABLISHED is from ``fullLook``.
  var namespaces: [NamespaceSummary] = []
  /// Listeners, those with the longest queue first; bounded, see ``listenersLeftOut``.
  var listeners: [ListenerSummary] = []
  var listenersLeftOut = 0
  /// Who holds sockets, those with most first; not bounded here: outlets fold.
  var owners: [OwnerSummary] = []
  /// Who holds sockets that should be gone, those with most first; not bounded here.
  var stuckOwners: [StuckOwner] = []
  /// Ephemeral ports in use to one destination, fullest first; from the newest full look; bounded.
  var routes: [RouteSummary] = []
  var routesLeftOut = 0
  /// Pending, firing and resolved findings, the worst first.
  var findings: [Finding] = []
  /// Findings not taken up because there are too many.
  var findingsDropped = 0
  /// Numbers of the whole host: open files, kernel release, boot id.
  var host = HostCounters()
  /// Sockets by state, of all namespaces, over the last hour and the last day.
  var timeline = StateTimeline()
  /// What the newest look (and the newest search for holders) could not see, by kind.
  var gaps: [Gap] = []
  /// Connections in the census, and rows not remembered because its bound was reached.
  var connectionsRemembered = 0
  var connectionsFolded = 0
  /// Sockets in flight between processes.
  var descriptorsInFlight = 0
  /// What closewatch itself costs.
  var cost = SelfCost()
  var settings = SettingsStatus()
  /// Finding events since the start, by kind, and what became of their journal entries.
  var events: [FindingEvent.Kind: Int] = [:]
  var journal = JournalStatus()

  init(startedAt: BootInstant, startedWallSeconds: Double) {
    self.startedAt = startedAt
    self.startedWallSeconds = startedWallSeconds
  }
}

/// One look: when, how long, how much.
struct LookSummary: Sendable, Hashable {
  var takenAt: BootInstant
  /// Seconds since 1970.
  var wallClockSeconds: Double
  var cost: SampleCost
  var rows: Int
}

/// Sockets by state. States that this program does not know are counted under ``other``.
struct StateCounts: Sendable, Hashable {
  private var counts = [Int](repeating: 0, count: 12)
  var other = 0

  subscript(state: TCPState) -> Int {
    get { Int(state.rawValue) < counts.count ? counts[Int(state.rawValue)] : other }
    set {
      if Int(state.rawValue) < counts.count {
        counts[Int(state.rawValue)] = newValue
      } else {
        other = newValue
      }
    }
  }

  mutating func add(_ more: StateCounts) {
    for index in counts.indices { counts[index] += more.counts[index] }
    other += more.other
  }

  /// By state. A state that this program does not know has the number `UInt8.max`.
  var byState: [TCPState: Int] {
    var found = [TCPState(rawValue: .max): other]
    for state in TCPState.shown { found[state] = self[state] }
    return found
  }

  /// Every socket that is no listener.
  var connections: Int { counts.reduce(other, +) - self[.listen] }
}

/// One network namespace: its sockets by state, and its kernel counters and settings.
struct NamespaceSummary: Sendable {
  var id: NetnsID
  var hasTrueID: Bool
  var name: String?
  var isOwn: Bool
  var source: TableSource
  var states = StateCounts()
  /// ESTABLISHED and CLOSE_WAIT connections that wait in an accept queue.
  var unaccepted = 0
  /// Connections that only the kernel holds (no TIME_WAIT, no SYN_RECV).
  var orphans = 0
  var sockstat: SockStat
  var counters: TCPCounters
  var settings: TCPSettings
}

/// One listener (a SO_REUSEPORT group is several) and its accept queue.
struct ListenerSummary: Sendable, Hashable {
  var namespace: NetnsID
  var namespaceName: String?
  var local: Endpoint
  /// nil: no process is known.
  var owner: Owner?
  var queued: Int
  /// nil: the source does not show it.
  var limit: Int?
}

/// A unit, container or program, and the sockets of its processes.
struct OwnerSummary: Sendable {
  var owner: Owner
  /// ESTABLISHED is from the newest full look.
  var states = StateCounts()
  /// Descriptors on sockets that are in no table.
  var deadSockets = 0
  var processes = 0
  /// The process of it that is nearest to its limit of descriptors: how many and the soft limit.
  var worstDescriptors: Int?
  var worstDescriptorLimit: UInt64?
}

/// The ports from one source address to one destination.
struct RouteSummary: Sendable, Hashable {
  var namespace: NetnsID
  var namespaceName: String?
  var source: IPAddress
  var destination: Endpoint
  var used: Int
  var capacity: Int
}

/// What the sampler costs, and how it paces itself.
struct SelfCost: Sendable {
  /// Looks taken since the start, by kind.
  var cheapLooks = 0
  var fullLooks = 0
  /// Looks that failed as a whole, and why the last one did.
  var failedLooks = 0
  var lastFailure: String?
  /// Processor seconds and wall seconds of the newest turn: look, holders, judgement.
  var turnCPUSeconds = 0.0
  var turnWallSeconds = 0.0
  /// Processor seconds of all turns.
  var totalCPUSeconds = 0.0
  /// Seconds between two looks now, and as set.
  var intervalSeconds = 0.0
  var settledIntervalSeconds = 0.0
  /// Whether the interval is longer than set because a turn costs more than its budget.
  var isBackedOff = false
  /// Whether the interval is shorter than set because CLOSE_WAIT grows fast.
  var isHurried = false
  /// Turns that began more than an interval late (a stuck system call, a stopped process).
  var lateTurns = 0
}

/// What settings are in force.
struct SettingsStatus: Sendable {
  /// The file, if there is one.
  var path: String?
  /// When the settings in force were read, in seconds since 1970.
  var loadedWallSeconds = 0.0
  /// Whether the newest attempt to read them has succeeded.
  var isLastReloadGood = true
  var reloads = 0
  var failedReloads = 0
  /// Why the newest reload failed: the lines of `check-settings`.
  var errors: [String] = []
}

/// What became of the entries for the journal.
struct JournalStatus: Sendable, Hashable {
  var written = 0
  /// Waiting for journald to come back.
  var queued = 0
  /// Lost because the queue was full.
  var lost = 0
  /// Held back by the bound of entries per minute.
  var suppressed = 0
}
