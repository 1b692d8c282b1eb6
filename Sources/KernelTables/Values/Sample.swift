// SPDX-License-Identifier: Apache-2.0

/// Where the rows of a namespace were read from.
package enum TableSource: String, Hashable, Sendable {
  case sockDiag = "sock_diag"
  case procNetTCP = "proc"
}

/// One look at a host's TCP tables: every row of every network namespace that could be read, what
/// could not, and what the look cost. The rules see nothing of the machine but this.
package struct Sample: Sendable {
  package var takenAt: BootInstant
  /// Seconds since 1970, for people only.
  package var wallClockSeconds: Double
  /// The states that were asked for. A state outside of it is unknown, not absent.
  package var states: StateSet
  package var namespaces: [NamespaceSample] = []
  /// All rows that there is memory for, those of one namespace next to each other. No row twice.
  package var sockets: [SocketRow] = []
  /// Sockets that were counted and are not among ``sockets``: there was no memory for all.
  package var leftOut: [RowsLeftOut] = []
  package var host = HostCounters()
  /// Who connects where, in the namespaces that were read, where the kernel counts it.
  package var connects: [ConnectCount] = []
  package var connectTally = ConnectTally()
  package var gaps: [Gap] = []
  package var cost = SampleCost()

  package init(takenAt: BootInstant, wallClockSeconds: Double, states: StateSet) {
    self.takenAt = takenAt
    self.wallClockSeconds = wallClockSeconds
    self.states = states
  }
}

extension Sample {
  /// Sockets that the kernel counts in use, of both families and all namespaces.
  package var socketsInUse: Int {
    namespaces.reduce(0) { $0.addingClamped($1.sockstat.inUse).addingClamped($1.sockstat.inUse6) }
  }

  /// How many sockets no table shows: dead ones, and those that were never connected; of the whole
  /// host. nil when the kernel has not said it.
  package var unlistedSockets: Int? {
    let allocated = namespaces.first { $0.isOwn }?.sockstat.allocated ?? 0
    return allocated < socketsInUse ? nil : allocated - socketsInUse
  }
}

extension Int {
  /// The sum of two numbers that are not negative; the greatest number where it does not fit. The
  /// kernel's own numbers go up to it.
  package func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

/// What one look has cost.
package struct SampleCost: Hashable, Sendable {
  package var wallMilliseconds = 0.0
  package var cpuMilliseconds = 0.0
  package init() {}
}

/// One network namespace in a sample.
package struct NamespaceSample: Hashable, Sendable {
  package var id: NetnsID
  /// False when the kernel did not let us read the link `ns/net` of any process in it: `id` is then
  /// the inode of its `/proc/PID/net/tcp`. It tells namespaces apart (both numbers come from one
  /// space), but no other tool shows it.
  package var hasTrueID = true
  /// The name under `/run/netns`, if it has one.
  package var name: String?
  /// Whether this is the namespace that closewatch itself runs in.
  package var isOwn = false
  /// A process in it, if any: `nsenter -t PID -n` leads there.
  package var memberPID: Int32?
  package var source = TableSource.sockDiag
  package var sockstat = SockStat()
  package var counters = TCPCounters()
  package var settings = TCPSettings()

  package init(id: NetnsID) { self.id = id }
}

/// `/proc/net/sockstat` and `sockstat6`: `inUse` and `timeWait` are of the namespace, the rest is
/// of the whole host.
package struct SockStat: Hashable, Sendable {
  package var inUse = 0
  package var inUse6 = 0
  package var timeWait = 0
  package var orphans = 0
  package var allocated = 0
  /// Pages.
  package var memoryPages = 0
  package init() {}
}

/// Counters of `/proc/net/netstat` and `/proc/net/snmp` that the rules use; per namespace, since
/// it was made. A counter that the kernel does not have is nil.
package struct TCPCounters: Hashable, Sendable {
  package var listenOverflows: UInt64?
  package var listenDrops: UInt64?
  package var timeWaitOverflow: UInt64?
  package var abortOnMemory: UInt64?
  package var abortOnTimeout: UInt64?
  package var requestQueueFullDrop: UInt64?
  package var requestQueueFullCookies: UInt64?
  package var retransmittedSegments: UInt64?
  package var outResets: UInt64?
  package var activeOpens: UInt64?
  package var passiveOpens: UInt64?
  package var attemptFails: UInt64?
  package init() {}
}

/// Settings under `/proc/sys/net` that the rules use, read inside the namespace where they differ
/// by namespace. Defaults are the kernel's, for a source that could not read them.
package struct TCPSettings: Hashable, Sendable {
  /// Whether they were read, or are the defaults below.
  package var areRead = false
  package var localPortRange: ClosedRange<UInt16> = 32768...60999
  package var reservedPorts: [ClosedRange<UInt16>] = []
  /// `tcp_tw_reuse`: 0 off, 1 on, 2 loopback only.
  package var timeWaitReuse = 2
  package var timeWaitReuseDelayMilliseconds = 1000
  package var maxTimeWaitBuckets = 131_072
  package var finTimeoutSeconds = 60
  package var keepaliveTimeSeconds = 7200
  package var somaxconn = 4096
  /// `tcp_max_orphans`, of the whole host.
  package var maxOrphans = 65536
  /// `tcp_mem`, pages: low, pressure, high; of the whole host. Empty when not read.
  package var memoryPages: [Int] = []
  package init() {}
}

/// Numbers of the whole host.
package struct HostCounters: Hashable, Sendable {
  package var bootID: String?
  package var kernelRelease: String?
  /// Descriptors open and the limit: `/proc/sys/fs/file-nr`.
  package var openFiles: Int?
  package var maxFiles: Int?
  package init() {}
}
