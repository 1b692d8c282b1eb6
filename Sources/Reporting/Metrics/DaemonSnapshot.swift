// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What the daemon knows after its newest turn: the only thing that its outlets (metrics, status
/// page) read. A value of bounded size; it holds no rows of the socket table.
package struct DaemonSnapshot: Sendable {
  /// The version of closewatch.
  package var version = ""
  /// When the daemon started, on the boot clock and in seconds since 1970.
  package var startedAt: BootInstant?
  package var startedWallSeconds: Double?
  /// The newest sample of any kind; nil until the first was taken.
  package var newestSample: SampleSummary?
  /// The newest sample that read ESTABLISHED sockets too.
  package var fullSample: SampleSummary?
  /// The host at the newest sample.
  package var picture = HostPicture()
  /// Pending, firing and resolved findings, the worst first.
  package var findings: [Finding] = []
  /// Findings for which there was no room.
  package var leftOut = LeftOut()
  /// Sockets by state, of all namespaces, over the last hour and the last day.
  package var timeline = StateTimeline()
  /// What the newest sample (and the newest search for holders) could not see, by kind.
  package var gaps: [Gap] = []
  /// Whether the kernel counts connects.
  package var countsConnects = false
  /// What closewatch itself costs.
  package var cost = SelfCost()
  package var settings = SettingsStatus()
  /// Events of findings since the start, by kind, and what became of their journal entries.
  package private(set) var events: [FindingEvent.Kind: Int] = [:]
  /// How findings have ended since the start.
  package private(set) var ends: [JournalEvent.End.How: Int] = [:]
  package var journal = JournalStatus()
  /// nil: nothing is pushed.
  package var pushes: PushStatus?
  /// Numbers of closewatch's own process and of its web server, as of the request.
  package var process: ProcessNumbers?
  package var web: WebNumbers?

  package init() {}

  package init(startedAt: BootInstant, startedWallSeconds: Double) {
    self.startedAt = startedAt
    self.startedWallSeconds = startedWallSeconds
  }

  /// Seconds from the start to the newest sample, whatever was done to the host's clock in between.
  var watchedSeconds: Double? {
    guard let startedAt, let newestSample else { return nil }
    return newestSample.takenAt.seconds(since: startedAt)
  }

  /// A boot instant in seconds since 1970, in milliseconds: more would be false precision, and
  /// would change from page to page.
  func wallSeconds(of instant: BootInstant) -> Double? {
    guard let sample = newestSample else { return nil }
    let seconds = sample.wallClockSeconds - sample.takenAt.seconds(since: instant)
    return (seconds * 1000).rounded() / 1000
  }

  /// Counts the events of a turn.
  package mutating func count(_ events: [FindingEvent]) {
    for event in events {
      self.events[event.kind, default: 0] += 1
      if event.kind == .resolved, let end = event.finding.end {
        ends[JournalEvent.End(end).how, default: 0] += 1
      }
    }
  }

  /// Takes in the picture of a turn.
  package mutating func take(_ picture: HostPicture) {
    self.picture = picture
    guard let now = picture.takenAt else { return }
    let sum = picture.states
    var counts: [TCPState: Int] = [:]
    for state in TCPState.shown { counts[state] = sum[state] }
    counts[TCPState(rawValue: .max)] = sum.unknown
    // Before the first full sample 0 would be a claim.
    if !picture.knowsEstablished { counts[.established] = nil }
    timeline.add(counts, at: now)
  }
}

/// One sample: when, how long, how much.
package struct SampleSummary: Sendable, Hashable {
  package var takenAt: BootInstant
  /// Seconds since 1970.
  package var wallClockSeconds: Double
  package var cost: SampleCost
  package var rows: Int

  package init(takenAt: BootInstant, wallClockSeconds: Double, cost: SampleCost, rows: Int) {
    self.takenAt = takenAt
    self.wallClockSeconds = wallClockSeconds
    self.cost = cost
    self.rows = rows
  }
}

/// What the sampler costs, and how it paces itself.
package struct SelfCost: Sendable {
  /// Looks taken since the start, by kind.
  package var cheapLooks = 0
  package var fullLooks = 0
  /// Looks that failed as a whole, and why the last one did.
  package var failedLooks = 0
  package var lastFailure: String?
  /// Whether the newest look has failed: nothing is seen at the moment.
  package var isBlind = false
  /// Wall seconds of the newest turn: look, holders, judgement.
  package var turnWallSeconds = 0.0
  /// Processor seconds of all turns.
  package var totalCPUSeconds = 0.0
  /// Seconds between two looks now, and as set.
  package var intervalSeconds = 0.0
  package var settledIntervalSeconds = 0.0
  /// Whether the interval is longer than set because a turn costs more than its budget.
  package var isBackedOff = false
  /// Whether the interval is shorter than set: CLOSE_WAIT grows fast, or ports run out.
  package var isHurried = false
  /// Turns that began more than an interval late (a stuck system call, a stopped process).
  package var lateTurns = 0

  package init() {}

  /// How old the newest sample may be to be relied on.
  package var freshSeconds: Double {
    Freshness.limitSeconds(intervalSeconds: intervalSeconds, turnSeconds: turnWallSeconds)
  }
}

/// What settings are in force.
package struct SettingsStatus: Sendable {
  /// The file, if there is one.
  package var path: String?
  /// When the settings in force were read, in seconds since 1970.
  package var loadedWallSeconds = 0.0
  /// Whether the newest attempt to read them has succeeded.
  package var isLastReloadGood = true
  package var reloads = 0
  package var failedReloads = 0
  /// Why the newest reload failed: the lines of `check-settings`.
  package var errors: [String] = []

  package init() {}
}

/// What became of the entries for the journal.
package struct JournalStatus: Sendable, Hashable {
  package var written = 0
  /// Waiting for journald to come back.
  package var queued = 0
  /// Lost because the queue was full.
  package var lost = 0
  /// Held back by the bound of entries per minute.
  package var suppressed = 0

  package init() {}
}

/// closewatch's own process, as every program with metrics shows it.
package struct ProcessNumbers: Hashable, Sendable {
  package var cpuSeconds = 0.0
  package var residentBytes = 0
  package var virtualBytes = 0
  package var openDescriptors: Int?
  package var descriptorLimit: UInt64?
  /// Seconds since 1970.
  package var startWallSeconds: Double?

  package init() {}
}

/// The web server's own connections.
package struct WebNumbers: Hashable, Sendable {
  package var openConnections = 0
  package var connectionLimit = 0
  /// Connections that were closed because a client was too slow, by which limit it ran into.
  package var timedOut: [String: Int] = [:]
  package var isConfigGood = true

  package init() {}
}
