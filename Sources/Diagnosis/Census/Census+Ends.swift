// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Services that have ended. The kernel closed their sockets then, which says nothing of how long
/// the program takes to close one: after a restart, the usual remedy, a leak would be taken for the
/// slow pace of a program that closes in the end.
extension Census {
  /// Fewest sockets that went with a process for its end to be told from its work. A process for
  /// each connection, or for each of a few, ends to close: there the end is the pace.
  private static let fewestAtEnd = 3
  /// Bounds the question to the host.
  private static let mostAsked = 64

  /// Processes that have lost several sockets and may have ended: they and the masters they were
  /// forked from are asked for by their records.
  var pidsToAskWhetherAlive: [Int32] {
    losers.flatMap { [$0, processes.programRoot(of: $0)] }.compactMap { processes[$0]?.id.pid }
  }

  /// Of those, the ones that live no more, and whose master does not either: a worker that is
  /// replaced is the service's way of life.
  func endedServices(_ report: HolderReport, of search: HolderSearch) -> Set<Int32> {
    let losers = losers
    guard !losers.isEmpty, !report.gaps.contains(where: { $0.kind == .boundReached })
    else { return [] }
    let asked = Set(search.records)
    let alive = Set(report.processes.map(\.id))
    return Set(
      losers.filter { process in
        [process, processes.programRoot(of: process)].allSatisfy { index in
          guard let id = processes[index]?.id else { return false }
          return asked.contains(id.pid) && !alive.contains(id)
        }
      })
  }

  /// Notes which of the processes that were asked for live no more. A search that was cut short, or
  /// that others' processes are hidden from, proves nothing.
  mutating func noteEnds(_ report: HolderReport, of search: HolderSearch) {
    let alive = Set(report.processes.map(\.id))
    for id in alive { ended.remove(id) }
    guard !report.gaps.contains(where: { $0.kind == .boundReached || $0.kind == .processesHidden })
    else { return }
    for pid in search.records {
      guard let id = processes.index(pid: pid).flatMap({ processes[$0]?.id }), !alive.contains(id)
      else { continue }
      ended.add(id, at: now)
    }
  }

  /// What a process left on dead sockets went with it, unless another one has it too.
  mutating func forgetDeadSocketsOfEnded(_ report: HolderReport) {
    let gone = Set(
      Set(deadSockets.all.values.map(\.process)).filter { process in
        processes[process].map { ended.contains($0.id) } ?? false
      })
    guard !gone.isEmpty else { return }
    var heirs: [UInt64: Int32] = [:]
    for deadSocket in report.deadSockets where !ended.contains(deadSocket.process) {
      heirs[deadSocket.inode] = processes.index(of: deadSocket.process)
    }
    for inode in deadSockets.leave(gone, to: heirs) { holders.forget(inode) }
  }

  /// States of which a rule asks how long sockets stay in them. Not TIME_WAIT: there the kernel's
  /// minute is over, whoever opened them.
  private static let paced = StateSet(
    .established, .synSent, .synRecv, .finWait1, .finWait2, .closeWait, .lastAck, .closing)

  mutating func recordDeparture(of connection: Connection, at instant: BootInstant) {
    if connection.opener >= 0 { lost[connection.opener, default: 0] += 1 }
    guard Self.paced.contains(connection.state) else { return }
    departures.record(
      Departure(
        at: instant,
        dwellSeconds: max(0, connection.lastSeen.seconds(since: connection.stateSince)),
        process: connection.opener),
      key: PortKey(connection))
  }

  /// A descriptor on a dead socket was closed: it stayed in the state that the connection died in.
  mutating func recordDeparture(of deadSocket: DeadSocket) {
    guard let connection = deadSocket.connection, connection.state == .closeWait else { return }
    departures.record(
      Departure(
        at: now, dwellSeconds: max(0, now.seconds(since: connection.stateSince)),
        process: deadSocket.process),
      key: PortKey(connection))
  }

  /// Those with most sockets lost first.
  private var losers: [Int32] {
    var counts = lost
    for connection in deadSockets.unresolved.values where connection.opener >= 0 {
      counts[connection.opener, default: 0] += 1
    }
    return counts.filter { $0.value >= Self.fewestAtEnd }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.mostAsked).map(\.key)
  }

  /// Processes that are known only because a socket has left them: a host that forks for each
  /// connection would have hundreds for each port, for a day.
  private static let departedMost = 1024

  /// Drops what no connection, departure or dead socket refers to any more.
  mutating func forgetOldProcesses() {
    departures.forget(before: now.advanced(bySeconds: -86400))
    var wanted = holders.processes.union(deadSockets.processes)
    openersByPlace.forget(before: now.advanced(bySeconds: -OpenersByPlace.keptSeconds))
    wanted.formUnion(openersByPlace.processes)
    wanted.formUnion(connects.busiest.compactMap { processes.index(of: $0.process) })
    var last: Int32 = -1
    for connection in connections where connection.opener != last {
      last = connection.opener
      wanted.insert(last)
    }
    addParents(to: &wanted)
    let departed = departures.lastDepartures
      .filter { $0.key >= 0 && !wanted.contains($0.key) }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    departures.forget(
      ofProcesses: Set(departed.dropFirst(Self.departedMost).map(\.key)),
      since: BootInstant(nanoseconds: 0))
    var departedKept = Set(departed.prefix(Self.departedMost).map(\.key))
    addParents(to: &departedKept)
    processes.keepOnly(wanted.union(departedKept))
    let known = processes
    counters.forgetDescriptors(at: now) { known.index(of: $0) != nil }
  }

  private func addParents(to wanted: inout Set<Int32>) {
    for index in wanted {
      guard let record = processes[index], let parent = processes.index(pid: record.parent)
      else { continue }
      wanted.insert(parent)
    }
  }
}
