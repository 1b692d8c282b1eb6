// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport

/// What a look at a laboratory says differently from the laboratory itself, in words; empty when
/// they agree.
struct LabComparison {
  private let lab: Lab

  init(_ lab: Lab) { self.lab = lab }

  /// Compares every row in both directions: none missing, none twice, none that was not built.
  func differences(of sample: Sample, from source: TableSource) -> [String] {
    var differences: [String] = []
    let rows = sample.sockets.filter { $0.namespace == lab.namespace }
    if rows.count != sample.sockets.count {
      differences.append("\(sample.sockets.count - rows.count) rows of another namespace")
    }
    guard let namespace = sample.namespaces.first(where: { $0.id == lab.namespace }) else {
      return ["namespace \(lab.namespace.rawValue) is not in the sample"] + differences
    }
    if namespace.source != source { differences.append("source is \(namespace.source)") }
    var seen: [Key: [SocketRow]] = [:]
    for row in rows { seen[Key(row), default: []].append(row) }
    for expected in lab.rows {
      let key = Key(expected)
      guard let found = seen.removeValue(forKey: key) else {
        differences.append("missing: \(key)")
        continue
      }
      if found.count > 1 { differences.append("\(found.count) times: \(key)") }
      differences += found.flatMap { differencesOf($0, from: expected, source) }
        .map { "\(key): \($0)" }
    }
    return differences + seen.keys.map { "never built: \($0)" }
  }

  private func differencesOf(
    _ row: SocketRow, from expected: Lab.Row, _ source: TableSource
  ) -> [String] {
    var differences: [String] = []
    if row.inode != expected.inode {
      differences.append("inode \(row.inode), not \(expected.inode)")
    }
    switch source {
    case .sockDiag:
      if !row.knowledge.contains(.cookie) || row.cookie == 0 {
        differences.append("without a cookie")
      } else if expected.cookie != 0 && row.cookie != expected.cookie {
        differences.append("cookie \(row.cookie), not \(expected.cookie)")
      }
    case .procNetTCP:
      if row.cookie != 0 || row.knowledge.contains(.cookie) {
        differences.append("/proc/net/tcp has no cookie, this row has \(row.cookie)")
      }
    }
    if !expected.receiveQueue.allows(row.receiveQueue) {
      differences.append("Recv-Q \(row.receiveQueue), not \(String(describing: expected))")
    }
    if row.state != .listen && !expected.sendQueue.allows(row.sendQueue) {
      differences.append("Send-Q \(row.sendQueue), not \(String(describing: expected))")
    }
    if let limit = expected.acceptQueueLimit {
      let isKnown = row.knowledge.contains(.acceptQueueLimit)
      if isKnown != (source == .sockDiag) { differences.append("limit is known: \(isKnown)") }
      if isKnown && row.sendQueue != limit {
        differences.append("accept queue limit \(row.sendQueue), not \(limit)")
      }
    }
    let isUnaccepted =
      expected.inode == 0 && (expected.state == .established || expected.state == .closeWait)
    if row.isUnaccepted != isUnaccepted { differences.append("isUnaccepted: \(row.isUnaccepted)") }
    return differences
  }

  /// Compares who holds the sockets of the laboratory: none missing, none twice, none invented.
  func differences(of report: HolderReport) -> [String] {
    var expected = Set(lab.holders)
    var differences: [String] = []
    for holder in report.holders {
      let found = Lab.Holder(
        inode: holder.inode, pid: holder.process.pid, fd: holder.fd, table: holder.table)
      if expected.remove(found) == nil { differences.append("twice or not so: \(found)") }
    }
    return differences + expected.map { "missing: \($0)" }
  }

  /// Compares the dead sockets of the laboratory's processes.
  func deadSocketDifferences(of report: HolderReport) -> [String] {
    var expected = Set(lab.deadSockets)
    let pids = Set([lab.pid] + lab.members.map(\.pid))
    var differences: [String] = []
    for deadSocket in report.deadSockets where pids.contains(deadSocket.process.pid) {
      let found = Lab.Holder(
        inode: deadSocket.inode, pid: deadSocket.process.pid, fd: deadSocket.fd)
      if expected.remove(found) == nil { differences.append("twice or not dead: \(found)") }
    }
    return differences + expected.map { "missing: \($0)" }
  }

  /// The question that ``differences(of:)-(HolderReport)`` compares the answer to.
  var search: HolderSearch {
    var search = HolderSearch()
    search.inodes = Set(lab.rows.map(\.inode).filter { $0 != 0 })
    search.completeness = .everyHolder
    return search
  }
}

/// What identifies a row in one namespace.
struct Key: Hashable, CustomStringConvertible {
  var family: AddressFamily
  var local: Endpoint
  var remote: Endpoint
  var state: TCPState
  /// Only of a listener: several can share a port.
  var inode: UInt64

  init(_ row: SocketRow) {
    family = row.family
    local = row.local
    remote = row.remote
    state = row.state
    inode = row.state == .listen ? row.inode : 0
  }

  init(_ row: Lab.Row) {
    family = row.family
    local = row.local
    remote = row.remote
    state = row.state
    inode = row.state == .listen ? row.inode : 0
  }

  init(_ row: SocketStatistics) {
    family = row.family
    local = row.local
    remote = row.remote
    state = row.state
    inode = row.state == .listen ? row.inode : 0
  }

  var description: String { "\(state) \(family.name) \(local) -> \(remote)" }
}

extension Optional<Lab.Queue> {
  fileprivate func allows(_ bytes: UInt32) -> Bool {
    switch self {
    case .none: true
    case .exactly(let expected): bytes == expected
    case .moreThanOne: bytes > 1
    }
  }
}
