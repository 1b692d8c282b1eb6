// SPDX-License-Identifier: Apache-2.0

/// A question to the host: who holds these sockets? The only thing that flows upstream, and it is
/// a value.
package struct HolderSearch: Hashable, Sendable {
  package enum Completeness: Hashable, Sendable {
    /// Stop as soon as every inode has one holder. Enough for "whose is it".
    case firstHolder
    /// Look at every process: needed for "who else keeps it open".
    case everyHolder
  }

  /// Which descriptors on dead TCP sockets to look for. Telling costs one getxattr for each
  /// descriptor whose inode is in no table.
  package enum DeadSockets: Hashable, Sendable {
    case none
    /// In these processes only.
    case of([Int32])
    case everywhere
  }

  /// How much is read of a process that holds something. On a host of many small processes this
  /// costs more than finding the sockets.
  package enum Detail: Hashable, Sendable {
    /// Who it is: ``ProcessRecord/id``, parent and command, from the one file that says so; of an
    /// interpreter what it runs, from one more.
    case identity
    /// Everything, also of the parents.
    case full
  }

  /// Only processes that descend from this one are searched; nil: all.
  package var ancestor: Int32?
  /// Descendants that help who asks: they are left out, with what descends from them.
  package var helpers: [Int32] = []
  /// Inodes wanted. Empty: only dead sockets and records.
  package var inodes: Set<UInt64> = []
  /// Whether every socket of the newest sample is wanted. Unlike ``inodes`` it can be asked before
  /// that sample is known.
  package var wantsEverySocket = false
  package var completeness = Completeness.everyHolder
  package var deadSockets = DeadSockets.none
  /// Processes to search first, likeliest first.
  package var likely: [Int32] = []
  /// Processes whose record (descriptor count, limits) is wanted whatever they hold.
  package var records: [Int32] = []
  /// How much is read of the holders; ``records`` are always full.
  package var detail = Detail.full
  /// Whether arguments may be read.
  package var arguments = false
  /// Places whose openers are to be caught in the act.
  package var hunts: [OpenerHunt] = []

  package init() {}

  /// Whether holders of any socket are wanted.
  package var wantsSockets: Bool { wantsEverySocket || !inodes.isEmpty }

  /// Asks for every holder of every socket of a sample, and for dead sockets in every process.
  package init(everyHolderIn sample: Sample) { findEveryHolder(in: sample) }

  /// Asks also for the dead sockets of some processes.
  package mutating func seekDeadSockets(in pids: Set<Int32>) {
    if pids.isEmpty { return }
    switch deadSockets {
    case .everywhere: break
    case .none: deadSockets = .of(pids.sorted())
    case .of(let others): deadSockets = .of(pids.union(others).sorted())
    }
  }

  /// Asks also for every holder of every socket of a sample, and for dead sockets everywhere.
  package mutating func findEveryHolder(in sample: Sample) {
    inodes = Set(sample.sockets.lazy.map(\.inode).filter { $0 != 0 })
    completeness = .everyHolder
    deadSockets = .everywhere
  }
}

/// The answer to a ``HolderSearch``.
package struct HolderReport: Sendable {
  package var holders: [SocketHolder] = []
  package var deadSockets: [DeadDescriptor] = []
  /// Descriptors on TCP sockets in no table that were seen for the first time: new, or dead. The
  /// next look tells.
  package var unprovedDeadSockets = 0
  /// What the hunts brought.
  package var caught: [CaughtOpener] = []
  /// Records of every process that holds one of the sockets, dead or alive, their parents as far
  /// as they live, and those asked for.
  package var processes: [ProcessRecord] = []
  /// Of a search among descendants: how many there are.
  package var descendants = 0
  /// Of a search among descendants: those whose descriptors may not be read, as far as they show.
  package var unreadable: [ProcessRecord] = []
  /// Sockets that are in flight between processes (`scm_fds` of a unix socket), host-wide. They
  /// cannot be matched to inodes. Counted only while sockets are without a holder; nil where the
  /// kernel does not count them (before Linux 5.6): then one without a holder may be in flight.
  package var descriptorsInFlight: Int? = 0
  /// Whether every process was looked at: only then does "no holder" mean anything.
  package var isComplete = false
  package var gaps: [Gap] = []
  /// What the search has cost.
  package var cost = SampleCost()

  package init() {}
}
