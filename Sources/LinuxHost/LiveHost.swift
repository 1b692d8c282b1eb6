// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
package import KernelTables

/// The machine that closewatch runs on.
package struct LiveHost: Host {
  /// Where procfs is mounted.
  package let procRoot: String
  /// Where `ip netns` keeps names.
  package var namesDirectory = "/run/netns"
  /// `NETLINK_SOCK_DIAG`; tests take one that the kernel refuses.
  package var netlinkProtocol = NETLINK_SOCK_DIAG
  /// What one look may cost.
  package var bounds = SockDiagDump.Bounds()
  /// What one search for holders may cost.
  package var holderBounds: HolderFinder.Bounds {
    get { finder.bounds }
    set { finder.bounds = newValue }
  }

  /// File systems that are trusted to answer: tests add one that does not.
  package var readFileSystems: Set<String> {
    get { finder.readFileSystems }
    set { finder.readFileSystems = newValue }
  }

  /// Whether a search for dead sockets may read the tables a second time, to tell them from
  /// sockets that were made after the sample. Whoever looks again anyway can do without.
  package var tellsDeadSocketsAtOnce = true

  /// Whether memory goes back to the kernel after each search, in a process that looks for years.
  package var returnsMemory = false

  /// As many rows as fit in half of the memory that this process and its reader may have together:
  /// the other half is for everything else, what is remembered of as many connections among it.
  /// nil: no bound.
  package static var rowsWithinMemoryBound: Int? {
    OwnCgroup.memoryBound.map { max(fewestRows, $0 / 2 / max(bytesOfRow, bytesOfJudgedRow)) }
  }

  /// Keeps no more rows than that.
  package mutating func keepToMemoryBound() {
    guard let most = Self.rowsWithinMemoryBound else { return }
    bounds.rows = min(bounds.rows, most)
  }

  /// Of the eye and its reader together, when most is there: the reader has made its row (120) of
  /// that of the message (72 at most for a connection over IPv4, and for one over IPv6 that has
  /// address and owner of the one before), and the eye has kept the inode (8). Before, the eye has
  /// a row only until it is written, and the reader has none (`Census.giveUpRows()`). What the
  /// reader remembers of a connection is besides: ``rowsWithinMemoryBound``.
  static let bytesOfRow = 200
  /// Of the reader when it judges: the row (120), and for that time up to 200 more where each is a
  /// connection that a process holds.
  static let bytesOfJudgedRow = 320
  /// With fewer, nothing could be told of a host at all.
  private static let fewestRows = 10_000

  /// Counts of the kernel that are shown with each look.
  package var connects = ConnectCounting.off
  private var lostConnects = LostConnects()

  private var finder: HolderFinder
  /// A folder that stands for the host's root where containers are looked up; tests have one.
  package var containerRoot: String {
    get { containers.root }
    set { containers.root = newValue }
  }
  private var containers = ContainerReader()
  private var newest: Newest?
  private var memory = LookMemory()

  package init(procRoot: String = "/proc") {
    self.procRoot = procRoot
    finder = HolderFinder(procRoot: procRoot)
  }

  /// What is kept of the newest look for the search for holders. Of its rows, which are many, only
  /// the inodes, where there is one.
  private struct Newest {
    var request: SampleRequest
    var sample: Sample
    var inodes: [UInt64]
  }

  /// Stays away from what has hung before.
  mutating func avoid(_ avoidances: [EyeAvoidance]) {
    finder.avoided = AvoidedSteps(avoidances, procRoot: procRoot)
  }

  var avoided: AvoidedSteps { finder.avoided }

  /// Processes of the newest answer whose runtime was left out: their file is on an overlay.
  var overlaysLeftOut: [ProcessID] { finder.leftOut }

  /// Reads what programs on overlays are written in. It may never come back.
  mutating func readOverlays(
    of processes: [ProcessID], by deadline: BootInstant
  ) -> OverlayRuntimes {
    finder.readOverlays(of: processes, by: deadline)
  }

  /// Reads what is left on the host about containers. It may never come back.
  func readContainers(_ ids: [String], by deadline: BootInstant) -> ContainerFiles {
    containers.read(ids, by: deadline)
  }

  package mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
    switch request.question {
    case .sample(let sample): .sample(try takeSample(sample, request.deadline))
    case .holders(let search): .holders(try findHolders(search, request.deadline))
    }
  }

  /// Reads the tables of every namespace asked for, on a thread of its own: the namespace of the
  /// calling thread never changes.
  ///
  /// - Throws: ``HostError`` when nothing could be read, when the namespace asked for is not there,
  ///   and when `sock_diag` alone was asked for and refused. Everything less is a ``Gap``.
  private mutating func takeSample(
    _ request: SampleRequest, _ deadline: BootInstant
  ) throws(HostError) -> Sample {
    // Rows are many: whoever has no use for the old ones any more is not to keep them meanwhile.
    newest = nil
    var taken = try Self.run(tableLook(request, deadline))
    memory = taken.memory
    addConnects(to: &taken.sample)
    var summary = taken.sample
    summary.sockets = []
    // Of one size from the start: what grows is twice there meanwhile.
    var inodes: [UInt64] = []
    inodes.reserveCapacity(taken.sample.sockets.count { $0.inode != 0 })
    for row in taken.sample.sockets where row.inode != 0 { inodes.append(row.inode) }
    newest = Newest(request: request, sample: summary, inodes: inodes)
    return taken.sample
  }

  private mutating func addConnects(to sample: inout Sample) {
    switch connects {
    case .off: break
    case .refused(let why): sample.gaps.append(Gap(.connectsUncounted, detail: why))
    case .on(let table):
      let shown = Set(sample.namespaces.map(\.id))
      sample.connects = table.counts.filter { shown.contains($0.namespace) }
      sample.connectTally.since = table.since
      sample.connectTally.lost = table.lost
      lostConnects.tell(in: &sample)
    }
  }

  private func tableLook(_ request: SampleRequest, _ deadline: BootInstant) -> TableLook {
    TableLook(
      request: request, procRoot: procRoot, namesDirectory: namesDirectory,
      netlinkProtocol: netlinkProtocol, bounds: bounds, memory: memory,
      deadline: Self.halfway(to: deadline),
      avoided: avoided)
  }

  /// When a look has to be over so that there is time for the search for holders: namespaces can be
  /// without number too.
  static func halfway(to deadline: BootInstant) -> BootInstant {
    if deadline == .never { return .never }
    let now = Clock.boot
    return now.advanced(bySeconds: max(0, deadline.seconds(since: now) / 2))
  }

  private struct Taken {
    var sample: Sample
    var memory: LookMemory
  }

  private static func run(_ look: TableLook) throws(HostError) -> Taken {
    let result: Result<Taken, HostError>
    do throws(SystemCallError) {
      result = try LookThread.run {
        var look = look
        do throws(HostError) {
          let sample = try look.take()
          return .success(Taken(sample: sample, memory: look.memory))
        } catch {
          return .failure(error)
        }
      }
    } catch {
      throw HostError("cannot take a sample: \(error)")
    }
    return try result.get()
  }

  private mutating func findHolders(
    _ search: HolderSearch, _ deadline: BootInstant
  ) throws(HostError) -> HolderReport {
    guard let newest else { throw HostError("no holders can be found before there was a look") }
    // Made before: the closure must not hold the finder while it works.
    let again = tableLook(newest.request, deadline)
    let freshInodes: HolderFinder.FreshInodes = {
      guard let fresh = try? Self.run(again).sample,
        !fresh.gaps.contains(where: {
          $0.kind == .boundReached || $0.kind == .rowUndecodable || $0.kind == .dumpInterrupted
        })
      else { return nil }
      return Set(fresh.sockets.lazy.map(\.inode).filter { $0 != 0 })
    }
    return finder.find(
      search, in: newest.sample, inodes: newest.inodes,
      coversHost: newest.request.coversSearched,
      by: deadline, freshInodes: tellsDeadSocketsAtOnce ? freshInodes : nil)
  }
}

extension SampleRequest {
  /// Whether the namespace of each process that is searched is among those asked for.
  fileprivate var coversSearched: Bool {
    if case .only = namespaces { false } else { true }
  }
}
