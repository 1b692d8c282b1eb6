// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a page of metrics is written from: numbers of bounded size, no rows of the table.
package struct MetricsInput: Sendable {
  /// The version of closewatch.
  package var version = ""
  package var sampler = SamplerNumbers()
  package var settings = SettingsNumbers()
  package var journal = JournalNumbers()
  package var namespaces: [NamespaceNumbers] = []
  /// The owners with stuck sockets or dead descriptors; not bounded here: the page folds.
  package var owners: [StuckOwner] = []
  /// Whoever holds sockets; not bounded here: the page folds.
  package var holders: [HolderNumbers] = []
  package var listeners: [ListenerNumbers] = []
  package var listenersFolded = 0
  package var routes: [RouteNumbers] = []
  package var routesFolded = 0
  /// The worst first.
  package var findings: [Finding] = []
  package var findingsDropped = 0
  /// Events of findings since the start.
  package var events: [FindingEvent.Kind: Int] = [:]
  /// When the sample of ``findings`` was taken, on both clocks: what turns ages into dates.
  package var sampledAt: BootInstant?
  package var gaps: [Gap] = []
  package var connectionsRemembered = 0
  package var connectionsFolded = 0
  package var descriptorsInFlight = 0
  /// The newest numbers of closewatch's own process.
  package var process: ProcessNumbers?
  /// The newest numbers of the web server.
  package var web: WebNumbers?

  package init() {}
}

/// What the sampler does and costs.
package struct SamplerNumbers: Hashable, Sendable {
  /// When the newest look of any kind was taken, in seconds since 1970; nil before the first.
  package var lookWallSeconds: Double?
  /// When the newest look that read ESTABLISHED sockets too was taken.
  package var fullLookWallSeconds: Double?
  /// Seconds on the clock and of the processor that the newest look took.
  package var lookSeconds: Double?
  package var lookCPUSeconds: Double?
  /// The same of the newest turn: look, holders, judgement.
  package var turnSeconds = 0.0
  package var turnCPUSeconds = 0.0
  package var totalCPUSeconds = 0.0
  package var cheapLooks = 0
  package var fullLooks = 0
  package var failedLooks = 0
  package var lateTurns = 0
  package var intervalSeconds = 0.0
  package var isBackedOff = false
  /// When the daemon began to count, in seconds since 1970.
  package var startedWallSeconds: Double?
  /// Seconds from then to the newest look, whatever was done to the host's clock in between.
  package var watchedSeconds: Double?

  package init() {}
}

/// What settings are in force.
package struct SettingsNumbers: Hashable, Sendable {
  package var isLastReloadGood = true
  package var loadedWallSeconds = 0.0
  package var reloads = 0
  package var failedReloads = 0

  package init() {}
}

/// What became of the entries for the journal.
package struct JournalNumbers: Hashable, Sendable {
  package var written = 0
  package var queued = 0
  package var lost = 0
  package var suppressed = 0

  package init() {}
}

/// One network namespace.
package struct NamespaceNumbers: Sendable {
  package var id: NetnsID
  package var name: String?
  package var isOwn = false
  /// Sockets by state; a state that no look has asked for yet is not in it.
  package var states: [TCPState: Int] = [:]
  package var unaccepted = 0
  package var orphans = 0
  package var sockstat = SockStat()
  package var counters = TCPCounters()
  package var settings = TCPSettings()

  package init(id: NetnsID) { self.id = id }
}

/// A unit, container or program, and all its sockets.
package struct HolderNumbers: Hashable, Sendable {
  package var owner: Owner
  /// ESTABLISHED is of the newest full look.
  package var states: [TCPState: Int]

  package init(owner: Owner, states: [TCPState: Int]) {
    self.owner = owner
    self.states = states
  }

  /// All of them.
  package var total: Int { states.values.reduce(0, +) }
}

/// A listener and its accept queue. The members of a SO_REUSEPORT group come one by one.
package struct ListenerNumbers: Hashable, Sendable {
  package var namespace: NetnsID
  package var local: Endpoint
  package var owner: Owner?
  package var queued: Int
  /// nil when the source does not show it.
  package var limit: Int?

  package init(namespace: NetnsID, local: Endpoint, owner: Owner?, queued: Int, limit: Int?) {
    self.namespace = namespace
    self.local = local
    self.owner = owner
    self.queued = queued
    self.limit = limit
  }
}

/// The ephemeral ports in use from one address to one destination.
package struct RouteNumbers: Hashable, Sendable {
  package var namespace: NetnsID
  package var source: IPAddress
  package var destination: Endpoint
  package var used: Int
  package var capacity: Int

  package init(
    namespace: NetnsID, source: IPAddress, destination: Endpoint, used: Int, capacity: Int
  ) {
    self.namespace = namespace
    self.source = source
    self.destination = destination
    self.used = used
    self.capacity = capacity
  }
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
