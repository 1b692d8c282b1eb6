// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Whether stuck sockets are kept open by processes that did not open them: descriptors that went
/// through fork and exec and were forgotten there.
struct Inheritance {
  private(set) var isInherited = false
  /// Whether it can be so as well as not.
  private(set) var mayBeInherited = false
  /// The processes that opened (or accepted) what others hold now.
  private(set) var openers: [Culprit] = []

  init(_ stuck: [Connection], holders: [Culprit], in census: Census) {
    var inherited = 0
    var openerCounts: [Int32: Int] = [:]
    var parents: Set<Int32> = []
    var accepting = Accepting()
    for connection in stuck {
      guard let opener = Self.opener(of: connection, in: census, &accepting) else { continue }
      inherited += 1
      openerCounts[opener, default: 0] += 1
      if !connection.flags.contains(.isInbound), connection.opener != opener {
        parents.insert(opener)
      }
    }
    isInherited = 2 * inherited > stuck.count
    guard isInherited else {
      mayBeInherited = Self.mayBeInherited(stuck, in: census)
      return
    }
    openers = openerCounts.compactMap { index, sockets in
      census.processes[index].map {
        Culprit(
          $0, role: .opener, sockets: sockets,
          attribution: parents.contains(index) ? .parent : Self.attribution(stuck))
      }
    }
    .sorted { ($1.sockets, $0.process.id) < ($0.sockets, $1.process.id) }
  }

  private static func attribution(_ stuck: [Connection]) -> Attribution {
    stuck.first.map { $0.flags.contains(.isInbound) } ?? false ? .listener : .remembered
  }

  /// The process that opened the connection, if others hold it now that can only have inherited it.
  private static func opener(
    of connection: Connection, in census: Census, _ accepting: inout Accepting
  ) -> Int32? {
    let references = census.holders.holders(of: connection.inode)
    guard let oldest = references.first?.process, let row = census.row(of: connection)
    else { return nil }
    // Several processes come to share a connection through fork alone. While the one that opened
    // it holds it too, that one has not closed it: the children are not what keeps it open.
    if references.contains(where: { $0.process != oldest }) {
      return absentParent(of: Set(references.map(\.process)), in: census)
    }
    if connection.flags.contains(.isInbound) {
      let listening = accepting.processes(for: row, in: census)
      guard let listener = listening.first, !listening.contains(oldest),
        isForeign(references[0], to: listener, connection, in: census)
      else { return nil }
      return listener
    }
    if connection.opener >= 0, connection.opener != oldest { return connection.opener }
    return olderParent(of: oldest, than: connection, row, in: census)
  }

  /// The processes that accept for a row: most often those of the row before.
  private struct Accepting {
    private var newest: (namespace: NetnsID, local: Endpoint, processes: [Int32])?

    mutating func processes(for row: SocketRow, in census: Census) -> [Int32] {
      if let newest, newest.namespace == row.namespace, newest.local == row.local {
        return newest.processes
      }
      let processes = census.listenerHolders(of: row)
      newest = (row.namespace, row.local, processes)
      return processes
    }
  }

  /// By how much a start and the age of a connection can differ: their ticks are of 10 ms and of up
  /// to 10 ms (`HZ`), and each is asked for at a time of its own.
  private static let clockSeconds = 0.1

  /// The parent of a process that started when a connection was there already: it has not opened
  /// what it holds.
  private static func olderParent(
    of holder: Int32, than connection: Connection, _ row: SocketRow, in census: Census
  ) -> Int32? {
    // A cluster of Node.js hands connections over by a unix socket.
    guard let process = census.processes[holder], process.runtime != .node, process.parent > 1,
      let parent = census.processes.index(pid: process.parent),
      let above = census.processes[parent]
    else { return nil }
    var known = connection.firstSeen
    if row.knowledge.contains(.tcpInfo) {
      let ago = max(
        row.lastDataSentMilliseconds, row.lastDataReceivedMilliseconds,
        row.lastAckReceivedMilliseconds)
      known = min(known, census.now.advanced(bySeconds: -Double(ago) / 1000))
    }
    return process.id.startedAt.seconds > known.seconds + Self.clockSeconds
      && above.id.startedAt < known
      ? parent : nil
  }

  /// Whether most of what an outgoing group holds was there before the watch, in a process that was
  /// forked by one that connects to the same place.
  private static func mayBeInherited(_ stuck: [Connection], in census: Census) -> Bool {
    let unseen = stuck.filter {
      $0.flags.contains(.inFirstLook) && !$0.flags.contains(.isInbound)
    }
    guard 2 * unseen.count > stuck.count, let first = unseen.first,
      let holder = census.holders.first(of: first.inode)?.process,
      let process = census.processes[holder],
      let parent = census.processes.index(pid: process.parent),
      let above = census.processes[parent], process.sharesImage(with: above)
    else { return false }
    return census.connections.contains {
      $0.opener == parent && !$0.flags.contains(.isInbound) && $0.remotePort == first.remotePort
    }
  }

  /// The parent that all holders have in common and that has closed its own copy.
  private static func absentParent(of holders: Set<Int32>, in census: Census) -> Int32? {
    let parents = Set(holders.map { census.processes[$0]?.parent ?? 0 })
    guard parents.count == 1, let pid = parents.first, pid > 1,
      let parent = census.processes.index(pid: pid), !holders.contains(parent)
    else { return nil }
    return parent
  }

  /// Whether the only holder has the socket by inheritance, not by design.
  private static func isForeign(
    _ reference: HolderMap.Reference, to listener: Int32, _ connection: Connection,
    in census: Census
  ) -> Bool {
    guard let holder = census.processes[reference.process],
      let parent = census.processes[listener]
    else { return false }
    // inetd hands the connection over as standard input on purpose. Who has it as output only is
    // most likely a job that such a service left in the background: a shell gives it other input.
    let isInput = census.holders.holders(of: connection.inode).contains {
      $0.process == reference.process && $0.fd == 0
    }
    if isInput { return false }
    // Who inherits is younger than who opened: a worker that an upgrade has left behind did not
    // get its connections from the new master.
    if holder.id.startTicks < parent.id.startTicks { return false }
    // Another program: the descriptor came through exec.
    if let own = holder.executable, let theirs = parent.executable, own != theirs { return true }
    // The same program is a worker that has the connection for itself, unless it is a copy that
    // was executed again: then the descriptor came through exec, too.
    guard holder.imageID != 0, parent.imageID != 0, !holder.sharesImage(with: parent) else {
      return false
    }
    return canHaveInherited(connection, holder, in: census)
  }

  /// Whether a connection can have come to a process by fork and exec, and not over a unix socket
  /// (SCM_RIGHTS).
  private static func canHaveInherited(
    _ connection: Connection, _ holder: ProcessRecord, in census: Census
  ) -> Bool {
    // A cluster of Node.js executes itself for each worker and hands out every connection.
    if holder.runtime == .node { return false }
    let startedAfterFirstLook = holder.id.startedAt > census.firstLookAt
    // Else the holder ran at the first look, and the connection was made after it.
    return connection.flags.contains(.inFirstLook) || startedAfterFirstLook
  }
}
