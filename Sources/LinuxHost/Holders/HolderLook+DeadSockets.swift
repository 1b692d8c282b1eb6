// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

extension HolderLook {
  /// Tells which descriptors on sockets in no row are on dead TCP sockets.
  ///
  /// A socket can only be missed in tables that were read: without ESTABLISHED, or without the
  /// namespace of the process, nothing is told.
  ///
  /// - Parameter coversHost: Whether every namespace was asked for: a process in one that was not
  ///   is no gap.
  mutating func tellDeadSockets(
    _ memory: inout DeadDescriptorMemory, coversHost: Bool, within bounds: HolderFinder.Bounds,
    freshInodes: HolderFinder.FreshInodes?
  ) {
    if search.deadSockets == .none || !rowsAreAll() { return }
    var namespaces: [Int32: Bool] = [:]
    var candidates: [DeadDescriptor] = []
    var identities: [Int32: ProcessID] = [:]
    var areTCP: [UInt64: Bool] = [:]
    var budget = ScanBudget(entries: bounds.descriptors, milliseconds: bounds.milliseconds)
    for (pid, reference) in strangers where seeksDeadSockets(in: pid) {
      guard budget.take() else {
        skipped += 1
        gaps.note(.boundReached, "dead sockets: not every descriptor could be asked in time")
        break
      }
      if reader.avoided.covers(.socketName, pid, &gaps) { continue }
      // One socket can have descriptors by the million.
      guard let isTCP = areTCP[reference.inode] ?? isTCP(pid, reference) else { continue }
      if !isTCP { areTCP[reference.inode] = false }
      guard isTCP, isStill(pid, reference) else { continue }
      areTCP[reference.inode] = true
      if namespaces[pid] == nil { namespaces[pid] = isSampled(pid, coversHost) }
      guard namespaces[pid] == true else { continue }
      if identities[pid] == nil { identities[pid] = identify(pid) }
      guard let process = identities[pid] else { continue }
      candidates.append(
        DeadDescriptor(inode: reference.inode, process: process, fd: reference.fd))
    }
    candidates.sort { ($0.process, $0.fd) < ($1.process, $1.fd) }
    var missing = candidates.filter { memory.isKnown($0, before: sample.takenAt) }
    let unknown = candidates.count - missing.count
    if unknown > 0, let fresh = freshInodes?() {
      missing = candidates.filter { !fresh.contains($0.inode) }
    } else if unknown > 0 {
      report.unprovedDeadSockets = unknown
      gaps.note(
        .sourceLimited, count: unknown,
        "descriptors on TCP sockets in no table, seen once: new, or dead; a second look tells")
    }
    let isEverywhere = search.deadSockets == .everywhere && skipped == 0
    memory.keep(candidates, examined: isEverywhere ? nil : examined, at: Self.now())
    report.deadSockets = proved(missing, &budget)
  }

  /// Those that are dead, of descriptors whose sockets tables have lacked twice.
  private mutating func proved(
    _ missing: [DeadDescriptor], _ budget: inout ScanBudget
  ) -> [DeadDescriptor] {
    var areDead: [UInt64: Bool] = [:]
    return missing.filter { deadSocket in
      if let isDead = areDead[deadSocket.inode] { return isDead }
      guard budget.take() else {
        gaps.note(.boundReached, "dead sockets: not every one could be proved in time")
        return false
      }
      if reader.avoided.covers(.proof, deadSocket.process.pid, &gaps) { return false }
      EyeStep.proof.begin(
        on: deadSocket.process.pid, of: records[deadSocket.process.pid]?.uid)
      switch prove(deadSocket) {
      case .dead:
        areDead[deadSocket.inode] = true
        return true
      case .gone: return false
      case .alive:
        areDead[deadSocket.inode] = false
        gaps.note(
          .socketsUnlisted,
          "/proc/\(deadSocket.process.pid)/fd/\(deadSocket.fd) is of another network namespace")
        return false
      case .refused(let error):
        // A living one of a namespace that was not read looks the same in every table.
        gaps.note(
          .sourceLimited,
          "TCP sockets that are in no table may be dead, and cannot be asked (\(error))"
        )
        return false
      }
    }
  }

  /// Whether every TCP socket with an inode would have a row in this sample.
  private mutating func rowsAreAll() -> Bool {
    let needed = StateSet(
      .established, .synSent, .finWait1, .finWait2, .closeWait, .lastAck, .listen, .closing)
    if !sample.states.isSuperset(of: needed) {
      gaps.note(
        .sourceLimited,
        "dead sockets not counted: this look did not ask for every state")
      return false
    }
    if let gap = sample.gaps.first(where: {
      $0.kind == .boundReached || $0.kind == .rowUndecodable
    }) {
      gaps.note(
        .sourceLimited, "dead sockets not counted: not all rows were read (\(gap.detail))")
      return false
    }
    return true
  }

  /// Whether the rows of the namespace a process is in were read.
  private mutating func isSampled(_ pid: Int32, _ coversHost: Bool) -> Bool {
    guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: pid) else { return false }
    do throws(SystemCallError) {
      let target = try directory.readLink("ns/net")
      let namespace = ProcessReader.namespace(target)
      if sample.namespaces.contains(where: { $0.id == namespace }) { return true }
      if coversHost {
        gaps.note(
          .namespaceNotRead,
          "\(directory.path): its namespace was unreadable, so its dead sockets are not counted")
      }
    } catch {
      if !error.isVanished { gaps.note(.namespaceUnknown, error.description) }
    }
    return false
  }

  /// Whether a descriptor is on a TCP socket: `system.sockprotoname`, from `sockfs_xattr_get()`
  /// in net/socket.c. An MPTCP socket says `MPTCP`, also when its subflows are gone; and so does
  /// what its listener has accepted, be that TCP.
  ///
  /// - Returns: nil when it is gone.
  private func isTCP(_ pid: Int32, _ reference: DescriptorScan.Reference) -> Bool? {
    socketName(pid, reference).map { ["TCP", "TCPv6", "MPTCP", "MPTCPv6"].contains($0) }
  }

  /// The number may have been given to another socket since the table was read.
  private func isStill(_ pid: Int32, _ reference: DescriptorScan.Reference) -> Bool {
    let path = "\(procRoot)/\(pid)/fd/\(reference.fd)"
    var link = [CChar](repeating: 0, count: 64)
    let length = readlink(path, &link, link.count)
    if length < 0 { return false }
    let inode = link[..<length].withUnsafeBytes { SocketLink.inode($0.bytes) }
    return inode == reference.inode
  }

  /// What the kernel calls the protocol of a socket: `TCP`, `UDPv6`, `UNIX`; nil when it is gone.
  func socketName(_ pid: Int32, _ reference: DescriptorScan.Reference) -> String? {
    EyeStep.socketName.begin(on: pid, of: reader.avoided.user(of: pid))
    var name = [UInt8](repeating: 0, count: 32)
    let path = "\(procRoot)/\(pid)/fd/\(reference.fd)"
    let count = getxattr(path, "system.sockprotoname", &name, name.count)
    guard count > 0 else { return nil }
    return String(decoding: name.prefix(count).prefix { $0 != 0 }, as: UTF8.self)
  }

  private mutating func identify(_ pid: Int32) -> ProcessID? {
    guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: pid) else { return nil }
    return identify(directory, counted: nil)
  }

  /// CLOCK_BOOTTIME, the clock of ``Sample/takenAt``.
  private static func now() -> BootInstant {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return BootInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}
