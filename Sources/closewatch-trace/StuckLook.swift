// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import Reporting
import Tracing

/// Looks for the target's processes, and for what is stuck of theirs.
struct StuckLook {
  private var host = EyeHost(OwnEyes())

  /// The target's processes now.
  ///
  /// - Throws: ``HostError`` when there are none.
  mutating func processes(of target: TriageTarget) throws(HostError) -> [ProcessRecord] {
    let deadline = Clock.commandDeadline
    let sample = try host.takeSample(SampleRequest(), by: deadline)
    var search = HolderSearch(everyHolderIn: sample)
    if case .pid(let pid) = target {
      search.likely = [pid]
      search.records = [pid]
    }
    let found = target.processes(in: sample, try host.searchHolders(search, by: deadline))
    guard found.isEmpty else { return found }
    if case .pid(let pid) = target { throw HostError("there is no process \(pid)") }
    throw HostError("\(target.absence); closewatch triage lists those that leak")
  }

  /// What is stuck of these processes, each by its inode.
  mutating func stuck(of pids: Set<Int32>) throws(HostError) -> [UInt64: StuckSocket] {
    let deadline = Clock.commandDeadline
    let sample = try host.takeSample(SampleRequest(), by: deadline)
    let waiting = sample.sockets.filter { $0.state == .closeWait && $0.inode != 0 }
    var search = HolderSearch()
    search.inodes = Set(waiting.lazy.map(\.inode))
    search.likely = Array(pids)
    search.deadSockets = .of(Array(pids))
    search.detail = .identity
    let report = try host.searchHolders(search, by: deadline)
    let held = Set(report.holders.lazy.filter { pids.contains($0.process.pid) }.map(\.inode))
    var found: [UInt64: StuckSocket] = [:]
    for row in waiting where held.contains(row.inode) {
      found[row.inode] = StuckSocket(
        cookie: row.knowledge.contains(.cookie) ? row.cookie : nil,
        state: .closeWait(unread: row.receiveQueue), wasStuckBefore: false)
    }
    for dead in report.deadSockets where pids.contains(dead.process.pid) {
      if found[dead.inode] != nil { continue }
      found[dead.inode] = StuckSocket(
        cookie: DescriptorProof.cookie(of: dead), state: .dead, wasStuckBefore: false)
    }
    return found
  }
}
