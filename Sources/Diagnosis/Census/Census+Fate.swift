// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What has become of sockets that findings are about.
extension Census {
  /// States in which data can still go one way or the other.
  private static let carrying = StateSet(.established, .closeWait, .finWait2)

  /// A row that vanishes from one of these, without LAST_ACK or TIME_WAIT, may have died under an
  /// open descriptor.
  private static let mortal = StateSet(
    .established, .closeWait, .synSent, .finWait2, .finWait1, .lastAck)

  /// Whether a descriptor can be left when its row has gone.
  static func canDie(_ connection: Connection) -> Bool {
    connection.inode != 0 && connection.opener >= 0 && mortal.contains(connection.state)
  }

  /// - Parameter since: When it was last a member: what it did before is not asked.
  func fate(of member: Member, since: BootInstant) -> Fate {
    if member.inode != 0, deadSockets.all[member.inode] != nil { return .died }
    let isProcessGone = member.process.map { ended.contains($0) } ?? false
    if member.inode != 0, deadSockets.unresolved[member.inode] != nil {
      return isProcessGone ? gone(member, with: true) : .unseen
    }
    guard let connection = connection(member.id) else {
      return wasRead(member.id.namespace) ? gone(member, with: isProcessGone) : .unseen
    }
    guard let row = row(of: connection) else {
      guard wasRead(member.id.namespace), sample.states.contains(member.state) else {
        return .unseen
      }
      // One absence proves nothing, unless nobody is there to hold it.
      if isProcessGone { return gone(member, with: true) }
      return mayBeHeld(member, connection) ? .unseen : .absent
    }
    guard row.state == member.state, (row.inode == 0) == (member.inode == 0) else {
      return gone(member, with: isProcessGone)
    }
    let isUsed = connection.flags.contains(.sentInState) && connection.progressAt > since
    return isUsed && Self.carrying.contains(row.state) ? .used : .stays
  }

  /// Whether a descriptor may still be open on a socket whose row is missing: one was when it was
  /// last seen, and no search since has looked for it there.
  private func mayBeHeld(_ member: Member, _ connection: Connection) -> Bool {
    guard Self.canDie(connection) else { return false }
    let pids = [member.process?.pid, processes[connection.opener]?.id.pid].compactMap { $0 }
    return !pids.allSatisfy { deadSockets.wasCovered($0, at: now) }
  }

  /// The processes that had those of these members whose row the newest look lacks.
  func holders(ofMissing members: [Member]) -> [Int32] {
    guard isSomeMissing else { return [] }
    return members.compactMap { member in
      guard let pid = member.process?.pid, let connection = connection(member.id),
        connection.rowIndex < 0, Self.canDie(connection), sample.states.contains(member.state)
      else { return nil }
      return pid
    }
  }

  private func gone(_ member: Member, with isProcessGone: Bool) -> Fate {
    if isProcessGone, let process = member.process { return .exited(process) }
    return .closed
  }

  /// Whether the newest look shows what there is in a namespace.
  private func wasRead(_ id: NetnsID) -> Bool {
    if sample.namespaces.contains(where: { $0.id == id }) { return true }
    return !sample.gaps.contains { $0.kind == .namespaceNotRead }
  }

  /// How many sockets are there in the state of a finding that has ended, at its port, beside the
  /// few that are left of its own.
  func newer(than finding: Finding, left: Int) -> Int {
    // Connections at work are no younger ones of those that were idle.
    let isWork = finding.state == .established || finding.state == .listen
    guard !isWork, finding.localPort != nil || finding.remotePort != nil else { return 0 }
    let present = sample.sockets.count { row in
      row.state == finding.state && row.namespace == finding.namespace
        && finding.localPort.map { row.localPort == $0 } ?? true
        && finding.remotePort.map { row.remotePort == $0 } ?? true
    }
    return max(0, present - left)
  }

  /// What a finding remembers of a connection.
  func member(_ connection: Connection) -> Member {
    let holder = row(of: connection).flatMap { holders.first(of: $0.inode) }?.process
    return Member(
      id: connection.id, inode: row(of: connection)?.inode ?? connection.inode,
      state: connection.state,
      process: processes[holder ?? connection.opener]?.id)
  }

  /// What a finding remembers of a descriptor on a dead socket.
  func member(_ deadSocket: DeadSocket) -> Member {
    Member(
      id: deadSocket.connection?.id ?? SocketID(inode: deadSocket.inode), inode: deadSocket.inode,
      state: deadSocket.connection?.state ?? .close, process: processes[deadSocket.process]?.id)
  }
}

extension Finding {
  /// Takes in what is left of it where no rule speaks of it any more: none of its processes has
  /// more sockets than are members, and its places are theirs.
  mutating func recount(_ members: [Member], in census: Census) {
    for index in culprits.indices where culprits[index].role == .holder {
      culprits[index].sockets = min(culprits[index].sockets, members.count)
    }
    let seen = members.compactMap { census.connection($0.id) }.filter { census.row(of: $0) != nil }
    // Where one of them was not seen, its place is not known.
    if seen.count == members.count { peers = census.places(of: seen) }
  }
}
