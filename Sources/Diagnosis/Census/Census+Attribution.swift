// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The question the census asks of the host, and what it makes of the answer.
extension Census {
  /// States in which a socket that a process holds can be one that should have been closed, and
  /// LISTEN, whose holder accepts for others.
  private static let interesting = StateSet(
    .closeWait, .finWait1, .finWait2, .lastAck, .closing, .synSent, .listen)

  /// Which sockets to find the holders of.
  ///
  /// - Parameters:
  ///   - settings: The patience decides which sockets need every holder.
  ///   - deadSockets: Where to look for dead sockets, beyond those that just vanished.
  ///   - learnOpeners: Whether every descriptor table may be read: the holders of ESTABLISHED
  ///     sockets are wanted too, so that their TIME_WAIT rows can be attributed later, and who
  ///     else holds what is stuck. Without, only sockets nobody is known to hold are asked for:
  ///     at 100,000 sockets all tables cost a third of a second of a core.
  package func search(
    settings: RuleSettings, deadSockets: HolderSearch.DeadSockets, learnOpeners: Bool
  ) -> HolderSearch {
    var search = HolderSearch()
    search.completeness = .firstHolder
    // A holder that was found is looked at again before it would be reported stale.
    let fresh = now.advanced(bySeconds: -max(settings.patienceSeconds / 2, 10))
    // Every table was read for what is stuck: that is repeated half as often.
    let stuckFresh = now.advanced(bySeconds: -max(settings.patienceSeconds, 10))
    // A listener whose program restarts is another socket; all that can change is who else has it.
    let listenersFresh = now.advanced(bySeconds: -max(settings.patienceSeconds / 2, 10) * 5)
    var weights = ProcessWeights()
    for (position, row) in sample.sockets.enumerated() where row.inode != 0 {
      let remembered = remembered(at: position)
      let opener = remembered?.opener ?? -1
      weights.add(1, to: opener)
      guard Self.interesting.contains(row.state) else {
        if learnOpeners, row.state == .established, opener < 0,
          holders.first(of: row.inode) == nil
        {
          search.inodes.insert(row.inode)
        }
        continue
      }
      let found = holders.entry(of: row.inode)
      if row.state == .listen { weights.add(1000, to: found?.first?.process ?? -1) }
      let isStuck =
        learnOpeners
        && (row.state == .listen
          || remembered.map { now.seconds(since: $0.stateSince) >= settings.patienceSeconds / 2 }
            ?? false)
      // What every table was read for must not be replaced by what one of them shows.
      if !learnOpeners, found?.first != nil { continue }
      let since = row.state == .listen ? listenersFresh : isStuck ? stuckFresh : fresh
      if found?.wasSearched(everywhere: isStuck, since: since) ?? false { continue }
      search.inodes.insert(row.inode)
      if isStuck { search.completeness = .everyHolder }
    }
    search.deadSockets = deadSockets
    if case .none = deadSockets {
      let pids = Set(
        self.deadSockets.unresolved.values.flatMap { connection in
          // It may have been handed on.
          [connection.opener] + holders.holders(of: connection.inode).map(\.process)
        }.compactMap { processes[$0]?.id.pid })
      if !pids.isEmpty { search.deadSockets = .of(pids.sorted()) }
    }
    search.likely = weights.heaviest(64).compactMap { processes[$0]?.id.pid }
    search.records = search.likely + pidsToAskWhetherAlive
    search.records += connects.busiest.map(\.process.pid)
    return search
  }

  /// How much of what is known each process opened: listeners first, then by sockets.
  private struct ProcessWeights {
    private var weights: [Int] = []

    mutating func add(_ weight: Int, to process: Int32) {
      guard process >= 0 else { return }
      while weights.count <= process { weights.append(0) }
      weights[Int(process)] += weight
    }

    func heaviest(_ count: Int) -> [Int32] {
      weights.indices.filter { weights[$0] > 0 }
        .sorted { (weights[$0], $1) > (weights[$1], $0) }.prefix(count).map { Int32($0) }
    }
  }

  /// Takes in the answer to `search`.
  package mutating func attribute(_ report: HolderReport, to search: HolderSearch) {
    noteEnds(report, of: search)
    for record in report.processes { processes.update(record) }
    counters.record(report.processes, at: now)
    holderGaps = report.gaps.filter { $0.kind != .runtimeUnread }
    descriptorsInFlight = report.descriptorsInFlight
    record(report, of: search)
    for caught in report.caught {
      guard let process = processes.index(of: caught.process) else { continue }
      let place = OpenerPlace(namespace: caught.hunt.namespace, remote: caught.hunt.remote)
      openersByPlace.note(process, connections: caught.connections, at: place, now)
    }
    for opener in connects.busiest where processes.index(of: opener.process) == nil {
      // It has ended, and nobody can be asked any more: the kernel has kept what it was called.
      processes.update(ProcessRecord(id: opener.process, command: opener.command))
    }
    noteOpeners()
    let ended = endedServices(report, of: search)
    if let previousLookAt { departures.forget(ofProcesses: ended, since: previousLookAt) }
    takeInDeadSockets(report, of: search, ended: ended)
    forgetDeadSocketsOfEnded(report)
    lost = [:]
    if looks % 64 == 0 { forgetOldProcesses() }
  }

  /// Whether somebody holds a socket whom the search could not see. What the kernel keeps alone, or
  /// waits for accept(), has no inode.
  package func isHolderHidden(_ row: SocketRow) -> Bool {
    row.inode != 0 && holderGaps.contains(where: \.hidesHolders)
      && holders.first(of: row.inode) == nil
  }

  /// Notes the holders of each socket that was asked for, and those that nobody holds.
  private mutating func record(_ report: HolderReport, of search: HolderSearch) {
    // Sorted and not by a dictionary of arrays: at 100,000 sockets that is a fifth of the memory.
    var found: [(inode: UInt64, reference: HolderMap.Reference)] = []
    found.reserveCapacity(report.holders.count)
    for holder in report.holders {
      guard let process = processes.index(of: holder.process) else { continue }
      let reference = HolderMap.Reference(process: process, fd: holder.fd, table: holder.table)
      found.append((holder.inode, reference))
    }
    found.sort { a, b in
      a.inode == b.inode ? isOlder(a.reference, b.reference) : a.inode < b.inode
    }
    // One process that can't be read leaves a gap beside the verdict; it does not make the search
    // of all others worthless. A search that was cut short does.
    let wasCut = report.gaps.contains { $0.kind == .boundReached }
    let sawAll = search.completeness == .everyHolder && !wasCut
    var start = 0
    while start < found.count {
      let inode = found[start].inode
      var end = start + 1
      while end < found.count, found[end].inode == inode { end += 1 }
      holders.record(
        found[start..<end].map(\.reference), of: inode, at: now, isComplete: sawAll)
      start = end
    }
    if wasCut { return }
    for inode in search.inodes {
      let position = found.partitionPoint { $0.inode >= inode }
      if position < found.count, found[position].inode == inode { continue }
      holders.record([], of: inode, at: now, isComplete: sawAll)
    }
  }

  private func isOlder(_ a: HolderMap.Reference, _ b: HolderMap.Reference) -> Bool {
    guard let first = processes[a.process]?.id, let second = processes[b.process]?.id
    else { return a.process < b.process }
    return (first.startTicks, first.pid, a.fd) < (second.startTicks, second.pid, b.fd)
  }

  private mutating func takeInDeadSockets(
    _ report: HolderReport, of search: HolderSearch, ended: Set<Int32>
  ) {
    let searched: (Int32) -> Bool
    let wasCut = report.gaps.contains { $0.kind == .boundReached }
    // Descriptors seen for the first time that may be on dead sockets: of rows that have gone.
    let hasUnproved = report.unprovedDeadSockets > 0
    switch search.deadSockets {
    case .none: return
    // No answer at all.
    case .of where wasCut && report.processes.isEmpty: return
    // What a search that was cut short has not found may be there.
    case _ where wasCut: searched = { _ in false }
    case .everywhere:
      searched = { _ in true }
      if !hasUnproved { deadSockets.searchCovered(nil, at: now) }
    case .of(let pids):
      let wanted = Set(pids)
      let table = processes
      if !hasUnproved { deadSockets.searchCovered(wanted, at: now) }
      searched = { index in table[index].map { wanted.contains($0.id.pid) } ?? true }
    }
    // A socket is not dead when its row is only missing because the look did not ask for it.
    let known = report.deadSockets.compactMap { deadSocket in
      processes.index(of: deadSocket.process).map { (deadSocket: deadSocket, process: $0) }
    }
    var absent: [UInt64: Connection] = [:]
    if known.contains(where: { deadSockets.all[$0.deadSocket.inode] == nil }) {
      for connection in connections where connection.rowIndex < 0 && connection.inode != 0 {
        absent[connection.inode] = connection
      }
    }
    let map = holders
    let (gone, closed) = deadSockets.update(
      known, at: now, absent: absent,
      provesGone: !hasUnproved, holders: { map.holders(of: $0).map(\.process) },
      searched: searched)
    if case .everywhere = search.deadSockets { deadSockets.searchEnded(at: now, wasCut: wasCut) }
    for deadSocket in closed {
      holders.forget(deadSocket.inode)
      if !ended.contains(deadSocket.process) { recordDeparture(of: deadSocket) }
    }
    for connection in gone {
      if !ended.contains(connection.opener) { recordDeparture(of: connection, at: now) }
      holders.forget(connection.inode)
    }
  }
}

extension Array {
  /// The first position at which `isBehind` holds, in an array in which it holds from some
  /// position on.
  fileprivate func partitionPoint(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
