// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings
import Synchronization
import TestSupport
import Testing

@testable import closewatchd

/// What a turn asks of the host, and what it leaves for the outlets.
@Suite struct TurnEngineTests {
  /// A host with one process (pid 10) that holds all its sockets, and a note of what was asked.
  private final class Asked: Sendable {
    struct Turn: Sendable {
      var states = StateSet()
      var search = HolderSearch()
    }
    let turns = Mutex<[Turn]>([])
  }

  private struct FewSockets: Host {
    let asked: Asked
    var established: Int
    /// How many sockets no table shows, look after look; the last one holds on.
    var unlisted = [3]
    /// Sockets in CLOSE_WAIT that were counted and not kept.
    var leftOut = 0
    var now = 100.0
    static let namespace = NetnsID(rawValue: 77)

    mutating func answer(_ request: HostRequest) -> HostAnswer {
      switch request.question {
      case .sample(let request): .sample(look(request))
      case .holders(let search): .holders(report(search))
      }
    }

    private mutating func look(_ request: SampleRequest) -> Sample {
      asked.turns.withLock { $0.append(Asked.Turn(states: request.states)) }
      now += 10
      var sample = Sample(
        takenAt: BootInstant(seconds: now), wallClockSeconds: now, states: request.states)
      var namespace = NamespaceSample(id: Self.namespace)
      namespace.isOwn = true
      namespace.sockstat.inUse = established + 6
      let hidden = unlisted.count > 1 ? unlisted.removeFirst() : unlisted[0]
      namespace.sockstat.allocated = established + 6 + hidden
      sample.namespaces = [namespace]
      sample.sockets = rows(.closeWait, 5) + rows(.listen, 1)
      if request.states.contains(.established) { sample.sockets += rows(.established, established) }
      if leftOut > 0 {
        sample.leftOut = [
          RowsLeftOut(Self.namespace, .timeWait, count: 90),
          RowsLeftOut(Self.namespace, .closeWait, count: leftOut),
        ]
      }
      return sample
    }

    private func rows(_ state: TCPState, _ count: Int) -> [SocketRow] {
      (0..<count).map { number in
        var row = SocketRow()
        row.state = state
        row.cookie = UInt64(state.rawValue) << 32 | UInt64(number + 1)
        row.inode = row.cookie
        row.namespace = Self.namespace
        row.knowledge = [.cookie, .acceptQueueLimit]
        row.localPort = 80
        row.remotePort = state == .listen ? 0 : UInt16(40_000 + number)
        row.receiveQueue = state == .listen ? 3 : 0
        row.sendQueue = state == .listen ? 128 : 0
        return row
      }
    }

    private func report(_ search: HolderSearch) -> HolderReport {
      asked.turns.withLock { $0[$0.count - 1].search = search }
      var process = ProcessRecord(id: ProcessID(pid: 10, startTicks: 1))
      process.unit = "api.service"
      process.descriptorCount = 12
      process.descriptorSoftLimit = 1024
      var report = HolderReport()
      report.processes = [process]
      report.holders = search.inodes.sorted().map {
        SocketHolder(inode: $0, process: process.id, fd: Int32(truncatingIfNeeded: $0))
      }
      report.isComplete = true
      return report
    }
  }

  @Test func `a cheap look at a large table leaves out ESTABLISHED, and judges no dead sockets`()
    throws
  {
    let asked = Asked()
    var engine = TurnEngine(
      host: FewSockets(asked: asked, established: 1009, unlisted: [3, 3, 4]),
      settings: DaemonSettings())
    _ = try engine.turn(.full)
    _ = try engine.turn(.cheap)
    _ = try engine.turn(.full)
    let turns = asked.turns.withLock { $0 }
    #expect(turns.map(\.states) == [.all, .allButEstablished, .all])
    #expect(turns.map(\.search.deadSockets) == [.everywhere, .none, .everywhere])
    #expect(turns[0].search.inodes.count == 1015)
    #expect(turns[1].search.inodes.isEmpty, "all of them were found")
  }

  @Test func `dead sockets are looked for when the hidden ones are others, or after five minutes`()
    throws
  {
    let asked = Asked()
    let hidden = [3, 3, 4, 4, 3] + [Int](repeating: 3, count: 40)
    var engine = TurnEngine(
      host: FewSockets(asked: asked, established: 13, unlisted: hidden),
      settings: DaemonSettings())
    // Ten seconds apart.
    for _ in 0..<36 { _ = try engine.turn(.full) }
    let turns = asked.turns.withLock { $0 }
    #expect(turns.indices.filter { turns[$0].search.deadSockets == .everywhere } == [0, 2, 4, 34])
  }

  @Test func `where the kernel does not say how many are hidden, they are always looked for`()
    throws
  {
    let asked = Asked()
    var engine = TurnEngine(
      host: FewSockets(asked: asked, established: 13, unlisted: [-19]),
      settings: DaemonSettings())
    for _ in 0..<3 { _ = try engine.turn(.full) }
    let turns = asked.turns.withLock { $0 }
    #expect(turns.map(\.search.deadSockets) == [.everywhere, .everywhere, .everywhere])
  }

  @Test func `a small table is read whole each time`() throws {
    let asked = Asked()
    var engine = TurnEngine(
      host: FewSockets(asked: asked, established: 13), settings: DaemonSettings())
    _ = try engine.turn(.full)
    _ = try engine.turn(.cheap)
    #expect(asked.turns.withLock { $0.map(\.states) } == [.all, .all])
  }

  @Test func `sockets that no table shows are counted for the pace`() throws {
    var engine = TurnEngine(
      host: FewSockets(asked: Asked(), established: 13), settings: DaemonSettings())
    let outcome = try engine.turn(.full)
    #expect(outcome.unlisted == 3)
    #expect(outcome.closeWait == 5)
  }

  @Test func `a leak that there is no memory for counts for the pace too`() throws {
    var engine = TurnEngine(
      host: FewSockets(asked: Asked(), established: 13, leftOut: 70_000),
      settings: DaemonSettings())
    #expect(try engine.turn(.full).closeWait == 70_005)
  }

  @Test func `a snapshot has every socket, also those a cheap look did not ask for`() throws {
    var engine = TurnEngine(
      host: FewSockets(asked: Asked(), established: 1009), settings: DaemonSettings())
    var snapshot = DaemonSnapshot(startedAt: BootInstant(seconds: 0), startedWallSeconds: 0)
    for kind in [Pace.LookKind.full, .cheap] {
      _ = try engine.turn(kind)
      let census = try #require(engine.watch.census)
      snapshot.take(HostPicture(census, patienceSeconds: 120, before: snapshot.picture))
      let namespace = try #require(snapshot.picture.namespaces.first)
      #expect(namespace.states[.established] == 1009)
      #expect(namespace.states[.closeWait] == 5)
      #expect(namespace.states[.listen] == 1)
      #expect(snapshot.picture.owners.map(\.owner) == [Owner(.unit, "api.service")])
      let owner = try #require(snapshot.picture.owners.first)
      #expect(owner.states[.established] == 1009)
      #expect(owner.states[.closeWait] == 5)
      #expect(owner.processes == 1)
      #expect(owner.descriptors == DescriptorUse(used: 12, limit: 1024))
      #expect(snapshot.picture.listeners.map(\.queued) == [3])
      #expect(snapshot.picture.listeners.map(\.limit) == [128])
      #expect(snapshot.picture.listeners.map(\.owner) == [Owner(.unit, "api.service")])
    }
  }
}
