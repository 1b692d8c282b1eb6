// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Tracing

/// Looks for the target's processes, and for what is stuck of theirs. Only their own descriptors
/// and network namespaces are read: a host can have a million others.
struct StuckLook {
  private var host = EyeHost(OwnEyes())

  /// Processes must have the numbers here by which the kernel's programs know them.
  ///
  /// - Throws: ``HostError`` where they have others.
  static func requireKernelsNumbers() throws(HostError) {
    guard !HostSightProbe.isInOwnPIDNamespace() else {
      throw HostError(
        "cannot trace from inside of a container: processes have other numbers there than in the"
          + " kernel; run it on the host, or with the host's pid namespace")
    }
  }

  /// The target's processes now.
  ///
  /// - Throws: ``HostError`` when there are none.
  mutating func processes(of target: TriageTarget) throws(HostError) -> [ProcessRecord] {
    if case .pid(let pid) = target {
      guard let record = ProcessRecord(ofNow: pid) else {
        throw HostError("there is no process \(pid)")
      }
      return [record]
    }
    let deadline = Clock.commandDeadline
    let sample = try host.takeSample(SampleRequest(), by: deadline)
    let search = HolderSearch(everyHolderIn: sample)
    let report = try host.searchHolders(search, by: deadline)
    let found = target.processes(in: sample, report)
    guard found.isEmpty else { return found }
    let absence = target.absence(report.gaps, isRoot: geteuid() == 0)
    throw HostError("\(absence); closewatch triage lists those that leak")
  }

  /// The ports on which a process listens.
  mutating func listening(_ pid: Int32) throws(HostError) -> Set<UInt16> {
    let held = OpenSocket.all(of: [pid])
    let rows = try rows(ofNamespaceOf: pid).values
    return Set(rows.lazy.filter { $0.state == .listen && held[$0.inode] != nil }.map(\.local.port))
  }

  /// The other ends of a process' connections, by inode.
  mutating func peers(of pid: Int32) throws(HostError) -> [UInt64: Endpoint] {
    let held = OpenSocket.all(of: [pid])
    return try rows(ofNamespaceOf: pid)
      .filter { held[$0.key] != nil && $0.value.state != .listen }.mapValues(\.remote)
  }

  /// What is stuck of these processes, each by its inode.
  mutating func stuck(of processes: Set<ProcessID>) throws(HostError) -> [UInt64: StuckSocket] {
    var found: [UInt64: StuckSocket] = [:]
    let pids = processes.map(\.pid)
    for (namespace, members) in Dictionary(grouping: pids, by: Self.namespace) {
      guard let member = members.min() else { continue }
      guard namespace != nil else {
        try Self.requireEnded(processes.filter { members.contains($0.pid) })
        continue
      }
      // Another may have taken the number of one that has ended.
      let held = OpenSocket.all(of: members).filter { processes.contains($0.value.process) }
      let rows = try rows(ofNamespaceOf: member)
      for row in rows.values where row.state == .closeWait && held[row.inode] != nil {
        var socket = StuckSocket(
          cookie: row.knowledge.contains(.cookie) ? row.cookie : nil,
          state: .closeWait(unread: row.receiveQueue), wasStuckBefore: false)
        socket.peer = row.remote
        socket.localPort = row.local.port
        socket.holder = held[row.inode]?.holder
        found[row.inode] = socket
      }
      let strangers = held.values.filter { rows[$0.inode] == nil && $0.isTCP }
      guard !strangers.isEmpty else { continue }
      // What was made in between is in the table now.
      let again = try self.rows(ofNamespaceOf: member)
      for stranger in strangers where again[stranger.inode] == nil {
        guard let cookie = stranger.cookieIfDead else { continue }
        found[stranger.inode] = StuckSocket(cookie: cookie, state: .dead, wasStuckBefore: false)
      }
    }
    return found
  }

  /// What shows no namespace has ended, or must not be looked at, not even by root: then nothing
  /// is known of what it has open.
  private static func requireEnded(_ processes: Set<ProcessID>) throws(HostError) {
    guard let process = processes.first(where: { ProcessRecord(ofNow: $0.pid)?.id == $0 }) else {
      return
    }
    throw HostError(
      "cannot see what process \(process.pid) has open: the kernel refuses it to this user")
  }

  private mutating func rows(
    ofNamespaceOf pid: Int32
  ) throws(HostError) -> [UInt64: SocketRow] {
    var request = SampleRequest()
    // By its path: a namespace can have a name that is a number.
    request.namespaces = .only("/proc/\(pid)/ns/net")
    let sample = try host.takeSample(request, by: Clock.commandDeadline)
    return Dictionary(
      sample.sockets.lazy.filter { $0.inode != 0 }.map { ($0.inode, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  private static func namespace(of pid: Int32) -> String? {
    link("/proc/\(pid)/ns/net")
  }

  /// The inode of the socket that a descriptor leads to; nil when it leads elsewhere.
  static func socket(atDescriptor fd: Int32, of pid: Int32) -> UInt64? {
    guard let target = link("/proc/\(pid)/fd/\(fd)"),
      case .socket(let inode)? = try? SocketLink(Array(target.utf8))
    else { return nil }
    return inode
  }

  /// Where a link leads; nil when it is gone.
  private static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// A socket that a process has open.
private struct OpenSocket {
  var inode: UInt64
  var process: ProcessID
  var fd: Int32

  /// By inode; of several descriptors on one, any.
  static func all(of pids: [Int32]) -> [UInt64: OpenSocket] {
    var found: [UInt64: OpenSocket] = [:]
    for pid in pids {
      guard let id = ProcessRecord(ofNow: pid)?.id else { continue }
      for fd in ProcessTree.numbers(in: "/proc/\(pid)/fd") {
        guard let inode = StuckLook.socket(atDescriptor: fd, of: pid) else { continue }
        found[inode] = OpenSocket(inode: inode, process: id, fd: fd)
      }
    }
    return found
  }

  var holder: StuckSocket.Holder { .init(process: process, descriptor: fd, inode: inode) }

  /// Whether it is of TCP, which a socket says of itself.
  var isTCP: Bool {
    var name = [UInt8](repeating: 0, count: 16)
    let count = getxattr(
      "/proc/\(process.pid)/fd/\(fd)", "system.sockprotoname", &name, name.count)
    return count > 0 && name.prefix(3).elementsEqual("TCP".utf8)
  }

  /// Its cookie; nil when it lives, is gone, or the kernel is against it.
  var cookieIfDead: UInt64? {
    let dead = DeadDescriptor(inode: inode, process: process, fd: fd)
    guard case .dead = DescriptorProof(dead) else { return nil }
    return DescriptorProof.cookie(of: dead)
  }
}
