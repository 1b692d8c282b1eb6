// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// All that `closewatch top` shows of one look: a value, so that the screen can keep it while the
/// next look is taken.
package struct TopPicture: Sendable {
  /// What a look has cost, from the tables to the verdicts.
  package struct Cost: Hashable, Sendable {
    package var wallSeconds: Double
    package var cpuSeconds: Double
    package init(wallSeconds: Double, cpuSeconds: Double) {
      self.wallSeconds = wallSeconds
      self.cpuSeconds = cpuSeconds
    }
  }

  /// Counts the looks: two pictures with the same number are the same.
  let serial: Int
  let census: Census
  /// The worst first.
  let findings: [Finding]
  let gaps: [Gap]
  let cost: Cost
  let patienceSeconds: Double
  let lives: SocketLives
  var owners: [TopOwner] = []
  var sockets: [TopSocket] = []
  var deadSockets: [DeadSocket] = []
  let host: HostPicture
  /// CLOSE_WAIT of the whole host over time.
  var closeWait = TopCurve()
  /// nil: there is no daemon, or it was not asked.
  var past: DaemonPast?

  var sample: Sample { census.sample }

  /// Of the whole host.
  var states: [TCPState: Int] { host.states.byState }

  /// The states in which a socket is stuck; CLOSE for a dead descriptor.
  var stuckStates: Set<TCPState> {
    let stuck = host.owners.reduce(into: StateCounts()) { $0 += $1.stuck }
    var states = Set(stuck.byState.keys)
    if host.owners.contains(where: { $0.stuckDeadSockets > 0 }) { states.insert(.close) }
    return states
  }

  /// Connections in CLOSE_WAIT that no process has accepted.
  var unaccepted: Int { host.namespaces.reduce(0) { $0 + $1.unacceptedGone } }

  /// The row of a socket; nil for a dead socket, which has none.
  func row(_ socket: TopSocket) -> SocketRow? {
    socket.isDead ? nil : sample.sockets[Int(socket.position)]
  }

  /// What the row has, or what is remembered of a dead socket's connection.
  func deadSocket(_ socket: TopSocket) -> DeadSocket? {
    socket.isDead ? deadSockets[Int(socket.position)] : nil
  }

  func id(_ socket: TopSocket) -> TopSocket.ID {
    if let deadSocket = deadSocket(socket) { return .deadSocket(deadSocket.inode) }
    return .row(SocketID(sample.sockets[Int(socket.position)]))
  }

  func process(_ socket: TopSocket) -> ProcessRecord? { census.processes[socket.process] }

  /// The position of an owner.
  func position(of owner: Owner) -> Int? { owners.firstIndex { $0.owner == owner } }

  /// The position of a socket.
  func position(of id: TopSocket.ID) -> Int? { sockets.firstIndex { self.id($0) == id } }

  /// The other end of a connection, when it is on this host: in the same namespace, or over a wire
  /// that joins two.
  func otherEnd(of row: SocketRow) -> Int? {
    guard row.remotePort != 0 else { return nil }
    let isLocal = row.localAddress.isLoopback || row.remoteAddress.isLoopback
    return sockets.firstIndex { socket in
      guard let other = self.row(socket) else { return false }
      return other.localPort == row.remotePort && other.remotePort == row.localPort
        && other.local == row.remote && other.remote == row.local
        && (other.namespace == row.namespace || !isLocal)
    }
  }

  /// The findings of an owner that are not over, the worst first.
  func findings(of owner: Owner) -> [Finding] {
    findings.filter { $0.lifecycle != .resolved && Self.key($0.owner) == owner }
  }

  /// All that no process has is one line.
  static func key(_ owner: Owner) -> Owner {
    owner.kind == .kernel || owner.kind == .unseen ? .nobody : owner
  }
}
