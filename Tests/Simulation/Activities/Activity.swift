// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Something that programs of a host do with connections on one port, for as long as it lives.
package class Activity {
  /// What it is called in the report.
  package let name: String
  package let port: UInt16
  let namespace: NetnsID
  let isInbound: Bool
  /// The processes that hold the connections.
  let workers: [Int]
  /// The processes that hold the listener of an inbound activity.
  let listeners: [Int]
  var sockets: [SimulatedSocket] = []
  /// Whether its namespace exists at the moment.
  var isThere = true
  private let listenerNumber: UInt64
  private static let listenerKnowledge: RowKnowledge = [.cookie, .acceptQueueLimit]

  init(
    _ name: String, in host: SimulatedHost, workers: [Int], isInbound: Bool,
    namespace: NetnsID = SimulatedHost.ownNamespace, port: UInt16? = nil
  ) {
    self.name = name
    self.port = port ?? host.newPort()
    self.namespace = namespace
    self.isInbound = isInbound
    self.workers = workers
    listeners = isInbound ? workers.prefix(1).map { $0 } : []
    listenerNumber = host.newNumber()
  }

  /// Lets it do what it does from one moment to another.
  func advance(from: Double, to: Double, in host: SimulatedHost) {}

  /// A process has ended: the kernel closes all that it held.
  func processEnded(_ process: Int, at now: Double) {
    sockets.removeAll { $0.process == process }
  }

  /// Sockets in the accept queue of its listener.
  func queued(at now: Double) -> UInt32 { 0 }

  func listenerInode(_ index: Int) -> UInt64 { SimulatedSocket.firstInode + listenerNumber }

  func listenerRows(at now: Double) -> [SocketRow] {
    guard isInbound else { return [] }
    var row = SocketRow()
    row.cookie = listenerNumber
    row.knowledge = Self.listenerKnowledge
    row.namespace = namespace
    row.inode = listenerInode(0)
    row.state = .listen
    row.localPort = port
    row.receiveQueue = queued(at: now)
    row.sendQueue = 511
    return [row]
  }

  /// A connection of this activity.
  func socket(
    _ host: SimulatedHost, process: Int, phases: SimulatedSocket.Phases, lastDataAt: Double
  ) -> SimulatedSocket {
    let number = host.newNumber()
    return SimulatedSocket(
      number: number, process: process, namespace: namespace, port: port, isInbound: isInbound,
      clientPort: 32768 + UInt16(number % 28000), phases: phases, lastDataAt: lastDataAt)
  }

  /// The position of a socket by its number: they are kept in the order in which they were made.
  func position(of number: UInt64) -> Int? {
    sockets.withUnsafeBufferPointer { sockets in
      var (low, high) = (0, sockets.count)
      while low < high {
        let middle = (low + high) / 2
        if sockets[middle].number < number { low = middle + 1 } else { high = middle }
      }
      return low < sockets.count && sockets[low].number == number ? low : nil
    }
  }

  /// Load over the day: 1 at its peak, `trough` at its lowest, half a day later.
  func diurnal(_ now: Double, trough: Double) -> Double {
    let day = (now / 86400).truncatingRemainder(dividingBy: 1)
    let height = 1 - abs(2 * day - 1)
    return trough + (1 - trough) * height
  }
}
