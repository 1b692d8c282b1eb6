// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Catches connections that live for a millisecond, to learn who opens them.
///
/// Dumps the living connections of the namespace again and again, and after each dump that shows
/// one to the wanted place looks at once for its descriptor in the processes of that namespace. On
/// a loopback proxy with 70 requests a second, one in about 50 rounds of 2 ms is quick enough.
struct OpenerCatcher {
  private let hunt: OpenerHunt
  private let procRoot: String
  private let avoided: AvoidedSteps
  private var caught: [Int32: Set<UInt64>] = [:]

  /// Enough to name who opens connections: more would only count them.
  private static let enough = 3
  private static let candidatesMost = 256

  init(_ hunt: OpenerHunt, procRoot: String, avoided: AvoidedSteps) {
    self.avoided = avoided
    self.hunt = hunt
    self.procRoot = procRoot
  }

  /// Hunts for as long as wished for, or until it has caught enough.
  ///
  /// - Returns: The pids and how many of their connections were caught; empty when the namespace
  ///   cannot be entered or nobody was caught.
  mutating func run() -> [Int32: Int] {
    var candidates = members()
    guard let first = candidates.first else { return [:] }
    let deadline = Clock.monotonicSeconds + Double(hunt.milliseconds) / 1000
    var catcher = self
    try? LookThread.run {
      guard catcher.enter("\(catcher.procRoot)/\(first)/ns/net") else { return }
      while Clock.monotonicSeconds < deadline {
        let alive = catcher.livingInodes()
        if !alive.isEmpty { catcher.search(&candidates, for: alive) }
        if catcher.caught.values.reduce(0, { $0 + $1.count }) >= Self.enough { return }
      }
    }
    return catcher.caught.mapValues(\.count)
  }

  /// The processes in the namespace, those with the most descriptors first.
  private func members() -> [Int32] {
    guard let directory = opendir(procRoot) else { return [] }
    defer { closedir(directory) }
    var found: [(pid: Int32, descriptors: Int)] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let pid = Int32(name), !avoided.covers(.namespaces, pid),
        !avoided.covers(.descriptors, pid)
      else { continue }
      EyeStep.namespaces.begin(on: pid, of: avoided.user(of: pid))
      var status = stat()
      guard stat("\(procRoot)/\(pid)/ns/net", &status) == 0,
        status.st_ino == UInt(hunt.namespace.rawValue),
        stat("\(procRoot)/\(pid)/fd", &status) == 0
      else { continue }
      found.append((pid, Int(status.st_size)))
    }
    return found.sorted { ($0.descriptors, $1.pid) > ($1.descriptors, $0.pid) }
      .prefix(Self.candidatesMost).map(\.pid)
  }

  private func enter(_ path: String) -> Bool {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return false }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0, status.st_ino == UInt(hunt.namespace.rawValue) else {
      return false
    }
    return closewatch_setns(fd, closewatch_network_namespace) == 0
  }

  private func livingInodes() -> Set<UInt64> {
    let states = StateSet(.synSent, .established, .finWait1)
    var request = InetDiagRequest(states: states, sequence: 1)
    request.asksDetails = false
    let dump = SockDiagDump(request, namespace: hunt.namespace)
    var rows: [SocketRow] = []
    guard var socket = try? NetlinkSocket(),
      (try? dump.read(over: &socket, into: &rows)) != nil
    else { return [] }
    return Set(
      rows.lazy.filter { $0.inode != 0 && $0.remote == hunt.remote }.map(\.inode))
  }

  /// Looks for the descriptors of living connections. A process where one was found is searched
  /// first from then on.
  private mutating func search(_ candidates: inout [Int32], for inodes: Set<UInt64>) {
    var table = InodeTable(capacity: inodes.count)
    for inode in inodes { table.want(inode) }
    var scan = DescriptorScan(
      inodes: table, budget: ScanBudget(entries: 100_000, milliseconds: 50))
    for (position, pid) in candidates.enumerated() {
      EyeStep.descriptors.begin(on: pid, of: avoided.user(of: pid))
      let path = "\(procRoot)/\(pid)/fd"
      let fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard fd >= 0 else { continue }
      let hits = scan.scan(fd, of: path).hits
      close(fd)
      guard !hits.isEmpty else { continue }
      caught[pid, default: []].formUnion(hits.map(\.inode))
      candidates.remove(at: position)
      candidates.insert(pid, at: 0)
      return
    }
  }
}
