// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Servers that do not read on purpose, as a broker with an alarm.
extension Roots {
  /// More than a request: a client that goes on sending has filled the queue.
  private static let fullReceiveQueue = 16_384
  /// More than a goodbye: many clients send a few bytes before they close.
  private static let fewestMessageBytes = 256
  /// More than the greetings of any protocol.
  private static let fewestAnswerBytes = 4096

  /// Whether it leaves full receive queues unread while it goes on accepting: workers that are
  /// stuck have a request in each queue, and a listener that is stuck accepts nobody. Or whether it
  /// leaves what came after its own answers unread, and answers newcomers all the same.
  func isStoppedReading(_ finding: Finding, _ processes: Set<Int32>) -> Bool {
    let census = inquiry.census
    guard finding.cause == .dataUnread else { return false }
    let left = finding.members.compactMap { census.connection($0.id) }
    let full = left.count { $0.receiveQueue >= Self.fullReceiveQueue }
    let answered = left.count { $0.receiveQueue >= Self.fewestMessageBytes && $0.wasAnswered }
    let areFull = 2 * full >= finding.members.count
    guard areFull || 2 * answered >= finding.members.count,
      !listeners(at: finding).contains(where: Self.isHalfFull)
    else { return false }
    let lately = census.now.advanced(bySeconds: -patience(of: finding))
    let accepted = accepted(at: finding, by: processes)
    guard !areRead(accepted, as: left, since: lately) else { return false }
    return accepted.contains { connection in
      areFull && connection.firstSeen > max(lately, census.firstLookAt)
        || isServed(connection, since: lately)
    }
  }

  /// Whether any client of a finding's processes was answered lately.
  func isServing(_ finding: Finding, _ processes: Set<Int32>) -> Bool {
    let lately = inquiry.census.now.advanced(bySeconds: -patience(of: finding))
    return accepted(at: finding, by: processes).contains { isServed($0, since: lately) }
  }

  private func isServed(_ client: Connection, since lately: BootInstant) -> Bool {
    client.firstSeen > max(lately, inquiry.census.firstLookAt) && client.wasAnswered
      || client.receiveQueue == 0 && client.flags.contains(.sentInState)
        && client.progressAt > lately
  }

  /// Whether others that do as these did are read meanwhile: then one loop or thread of several is
  /// blocked, and the program knows nothing of it. A broker that stops reading stops for all who
  /// publish; who only subscribes is sent more than it sends.
  private func areRead(
    _ others: [Connection], as left: [Connection], since lately: BootInstant
  ) -> Bool {
    let asked = left.count {
      $0.bytesAcked >= Self.fewestAnswerBytes && $0.bytesAcked / 2 > $0.bytesRead
    }
    let areRequests = 2 * asked > left.count
    return others.contains { other in
      guard other.receiveQueue < Self.fewestMessageBytes,
        other.firstSeen > max(lately, inquiry.census.firstLookAt)
          || other.flags.contains(.sentInState) && other.progressAt > lately
      else { return false }
      return other.bytesRead >= Self.fullReceiveQueue && other.bytesRead > other.bytesAcked
        || areRequests && other.wasAnswered
    }
  }

  /// The process on this host whose full receive queues hold the closes back: it goes on
  /// accepting, and reads nothing.
  func unreadElsewhere(_ finding: Finding) -> Root? {
    let census = inquiry.census
    let closes = Dictionary(
      grouping: finding.members.compactMap { census.connection($0.id).flatMap(census.row) },
      by: { [$0.remote, $0.local] })
    let unread = census.connections.filter { connection in
      guard connection.flags.contains(.isInbound), connection.inode != 0,
        connection.receiveQueue >= Self.fewestMessageBytes,
        let row = census.row(of: connection), row.inode != 0
      else { return false }
      return closes[[row.local, row.remote]]?.contains { PairIndex.areEnds($0, row) } ?? false
    }
    let lately = max(
      census.now.advanced(bySeconds: -patience(of: finding)), census.firstLookAt)
    guard 2 * unread.count >= finding.members.count, let one = unread.first,
      let place = census.row(of: one)?.local,
      let holder = census.holders.first(of: one.inode)?.process
    else { return nil }
    if let process = census.processes[holder], process.isStopped {
      return Root(.stoppedBySignal, place: place, process: process)
    }
    let accepted = census.connections.filter { connection in
      connection.localPort == one.localPort && connection.id.namespace == one.id.namespace
        && connection.flags.contains([.isInbound, .hadInode])
    }
    guard accepted.contains(where: { $0.firstSeen > lately && $0.wasAnswered }),
      !areRead(accepted, as: unread, since: lately)
    else { return nil }
    return Root(.stoppedReading, place: place, process: census.processes[holder])
  }

  private static func isHalfFull(_ listener: SocketRow) -> Bool {
    listener.receiveQueue > 0 && 2 * listener.receiveQueue > listener.sendQueue
  }

  func stoppedReading(_ finding: Finding) -> Root {
    Root(
      .stoppedReading, place: listeners(at: finding).first?.local,
      process: finding.culprits.first { $0.role == .holder }?.process)
  }
}

extension Connection {
  /// Whether input was taken from it, and an answer was sent and has arrived. One byte
  /// may be its SYN, which is acknowledged as one on the side that connects.
  fileprivate var wasAnswered: Bool { bytesRead > 0 && bytesAcked > 1 }
  fileprivate var bytesRead: UInt32 {
    bytesReceived > receiveQueue ? bytesReceived - receiveQueue : 0
  }
}
