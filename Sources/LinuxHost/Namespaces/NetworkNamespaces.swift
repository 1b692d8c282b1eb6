// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// A network namespace that was found.
package struct NetworkNamespace: Hashable, Sendable {
  package var id: NetnsID
  /// See ``KernelTables/NamespaceSample/hasTrueID``.
  package var hasTrueID = true
  /// The name under `/run/netns`.
  package var name: String?
  package var isOwn = false
  /// Some processes in it: the first of them can have ended when it is needed.
  package var members: [Int32] = []
  /// A file that leads there, other than a process: for a namespace that may have none.
  package var path: String?

  package init(id: NetnsID) { self.id = id }
}

/// Finds the network namespaces of this host: those of its processes and those with a name.
///
/// Not found: a namespace that only a thread (not its process), an open descriptor, or a mount
/// outside of `/run/netns` keeps.
///
/// Source: namespaces(7), ip-netns(8).
package struct NetworkNamespaces {
  /// All that were found: our own first, then by id.
  package private(set) var found: [NetworkNamespace] = []
  /// What could not be found out.
  package private(set) var gaps: [Gap] = []

  private var indexes: [NetnsID: Int] = [:]
  /// Inodes of `/proc/PID/net/tcp`, by namespace, of those that are known.
  private var tableInodes: [UInt64: NetnsID] = [:]
  private var unknownByTable: [UInt64: [Int32]] = [:]
  private var unknownCount = 0
  /// Processes whose link is not followed: their namespace is read through their files.
  private var avoidedCount = 0
  /// Where each process was seen, for the next look.
  private(set) var memberships: [Int32: LookMemory.Membership] = [:]
  private let known: [Int32: LookMemory.Membership]
  private let trustsKnown: Bool
  private let avoided: AvoidedSteps
  private let procRoot: String
  private let namesDirectory: String

  private static let membersKept = 3
  private static let processBound = 4_194_304

  /// Looks for them.
  ///
  /// - Parameters:
  ///   - procRoot: Where procfs is mounted.
  ///   - namesDirectory: Where `ip netns` keeps names.
  ///   - known: Where processes were at the look before.
  ///   - trustsKnown: Whether those that were there twice need not be asked.
  /// - Throws: ``SystemCallError`` when not even our own namespace can be identified, or the
  ///   processes cannot be listed.
  package init(
    procRoot: String = "/proc", namesDirectory: String = "/run/netns",
    known: [Int32: LookMemory.Membership] = [:], trustsKnown: Bool = false,
    avoided: AvoidedSteps = AvoidedSteps()
  ) throws(SystemCallError) {
    self.avoided = avoided
    self.known = known
    self.trustsKnown = trustsKnown
    self.procRoot = procRoot
    self.namesDirectory = namesDirectory
    try addOwn()
    memberships.reserveCapacity(known.count)
    try addProcesses()
    addNames()
    addUnknown()
    sort()
  }

  /// Looks for those of some processes, and our own.
  ///
  /// - Throws: ``SystemCallError`` when not even our own namespace can be identified.
  package init(
    procRoot: String = "/proc", ofProcesses pids: [Int32],
    avoided: AvoidedSteps = AvoidedSteps()
  ) throws(SystemCallError) {
    self.avoided = avoided
    known = [:]
    trustsKnown = false
    self.procRoot = procRoot
    namesDirectory = ""
    try addOwn()
    let fd = try systemCall("open", on: procRoot) {
      open(procRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { close(fd) }
    for pid in pids { addProcess(pid, procFD: fd) }
    addUnknown()
    sort()
  }

  private mutating func addOwn() throws(SystemCallError) {
    let own = try Self.link("\(procRoot)/thread-self/ns/net")
    var namespace = NetworkNamespace(id: own)
    namespace.isOwn = true
    indexes[own] = 0
    found.append(namespace)
    if let inode = Self.inode("\(procRoot)/thread-self/net/tcp") { tableInodes[inode] = own }
  }

  private mutating func sort() {
    let rest = found.dropFirst().sorted { $0.id < $1.id }
    found = [found[0]] + rest
  }

  /// The one that a user means by `name`: a name under `/run/netns`, a pid, or a path.
  ///
  /// - Throws: ``HostError`` when there is none, with the names that there are.
  package func only(_ name: String) throws(HostError) -> NetworkNamespace {
    let path: String
    if name.contains("/") {
      path = name
    } else if let named = found.first(where: { $0.name == name }) {
      return named
    } else if Int32(name) != nil {
      path = "\(procRoot)/\(name)/ns/net"
    } else {
      throw HostError("no network namespace '\(name)': \(advice)")
    }
    do throws(SystemCallError) {
      let id = try Self.link(path)
      if let known = found.first(where: { $0.id == id }) { return known }
      var namespace = NetworkNamespace(id: id)
      namespace.path = path
      return namespace
    } catch {
      let isMissing = error.isVanished || error.errno == EINVAL
      throw HostError(
        isMissing
          ? "no network namespace '\(name)': \(advice)"
          : "cannot tell the network namespace '\(name)': \(error); run as root")
    }
  }

  private var advice: String {
    let names = found.compactMap(\.name).sorted()
    let known =
      names.isEmpty
      ? "there are none under \(namesDirectory)"
      : "known names are \(names.prefix(8).joined(separator: ", "))"
        + (names.count > 8 ? " and \(names.count - 8) more" : "")
    return "give a pid, a path, or a name (\(known))"
  }

  private mutating func addProcesses() throws(SystemCallError) {
    let fd = try systemCall("open", on: procRoot) {
      open(procRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { close(fd) }
    var buffer = [UInt8](repeating: 0, count: 32768)
    var seen = 0
    while true {
      let got = try systemCall("getdents64", on: procRoot) {
        buffer.withUnsafeMutableBytes {
          closewatch_getdents64(fd, $0.baseAddress, UInt($0.count))
        }
      }
      if got == 0 { return }
      for pid in Self.pids(in: buffer.span.bytes.extracting(first: got)) {
        addProcess(pid, procFD: fd)
        seen += 1
      }
      if seen > Self.processBound {
        gaps.append(Gap(.boundReached, detail: "\(procRoot): more than \(seen) processes"))
        return
      }
    }
  }

  /// The entries of one buffer of getdents64(2) whose names are numbers.
  private static func pids(in entries: RawSpan) -> [Int32] {
    var pids: [Int32] = []
    var offset = 0
    while offset + 19 < entries.byteCount {
      let length = Int(entries.unsafeLoadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
      guard length > 19, offset + length <= entries.byteCount else { break }
      var pid: Int32 = 0
      var index = offset + 19
      while index < offset + length {
        let byte = entries.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self)
        let digit = byte &- UInt8(ascii: "0")
        if digit > 9 {
          if byte == 0, pid > 0 { pids.append(pid) }
          break
        }
        pid = pid &* 10 &+ Int32(digit)
        index += 1
      }
      offset += length
    }
    return pids
  }

  private mutating func addProcess(_ pid: Int32, procFD: Int32) {
    let before = known[pid]
    if trustsKnown, let before, before.times > 1, indexes[before.namespace] != nil {
      memberships[pid] = before
      addMember(pid, of: before.namespace, procFD: procFD)
      return
    }
    if avoided.covers(.namespaces, pid) {
      avoidedCount += 1
      if let inode = Self.inode("\(pid)/net/tcp", at: procFD) {
        unknownByTable[inode, default: []].append(pid)
      }
      return
    }
    EyeStep.namespaces.begin(on: pid, of: avoided.user(of: pid))
    let id: NetnsID
    do throws(SystemCallError) {
      id = try Self.link("\(pid)/ns/net", at: procFD)
    } catch {
      if error.isVanished { return }
      // Whoever may not read the link may still tell the namespace's files apart.
      if let inode = Self.inode("\(pid)/net/tcp", at: procFD) {
        unknownByTable[inode, default: []].append(pid)
      } else {
        unknownCount += 1
      }
      return
    }
    let times = before.map { $0.namespace == id ? $0.times + 1 : 1 } ?? 1
    memberships[pid] = LookMemory.Membership(namespace: id, times: times)
    addMember(pid, of: id, procFD: procFD)
  }

  private mutating func addMember(_ pid: Int32, of id: NetnsID, procFD: Int32) {
    if let index = indexes[id] {
      if found[index].members.count < Self.membersKept { found[index].members.append(pid) }
      return
    }
    var namespace = NetworkNamespace(id: id)
    namespace.members = [pid]
    indexes[id] = found.count
    found.append(namespace)
    if let inode = Self.inode("\(pid)/net/tcp", at: procFD) { tableInodes[inode] = id }
  }

  private mutating func addNames() {
    guard let directory = opendir(namesDirectory) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      let path = "\(namesDirectory)/\(name)"
      EyeStep.namespaces.begin()
      // A file that is no namespace is what a reboot or a failed `ip netns add` left behind.
      guard let id = Self.namespaceFile(path) else { continue }
      if let index = indexes[id] {
        if found[index].name == nil { found[index].name = name }
        if found[index].path == nil { found[index].path = path }
        continue
      }
      var namespace = NetworkNamespace(id: id)
      namespace.name = name
      namespace.path = path
      indexes[id] = found.count
      found.append(namespace)
    }
  }

  private mutating func addUnknown() {
    for (inode, pids) in unknownByTable {
      if let id = tableInodes[inode], let index = indexes[id] {
        let room = Self.membersKept - found[index].members.count
        let members = pids.filter { !avoided.covers(.namespaces, $0) }
        found[index].members += members.prefix(max(0, room))
        continue
      }
      unknownCount += pids.count { !avoided.covers(.namespaces, $0) }
      guard let surrogate = UInt32(exactly: inode) else { continue }
      var namespace = NetworkNamespace(id: NetnsID(rawValue: surrogate))
      namespace.hasTrueID = false
      namespace.members = Array(pids.prefix(Self.membersKept))
      found.append(namespace)
    }
    if avoidedCount > 0 {
      gaps.append(
        Gap(
          .callStuck, count: avoidedCount,
          detail: "\(EyeStep.namespaces.call) is avoided for processes that do not answer"))
    }
    if unknownCount > 0 {
      gaps.append(
        Gap(
          .namespaceUnknown, count: unknownCount,
          detail: "readlink \(procRoot)/PID/ns/net was refused; CAP_SYS_PTRACE allows it"))
    }
  }

  /// The namespace that a path leads to: a link of procfs, or a mounted namespace file.
  private static func link(_ path: String, at fd: Int32 = AT_FDCWD) throws(SystemCallError)
    -> NetnsID
  {
    do throws(SystemCallError) {
      var target = [CChar](repeating: 0, count: 32)
      let length = try systemCall("readlink", on: path) {
        readlinkat(fd, path, &target, target.count)
      }
      let text = target[..<length].map(UInt8.init(bitPattern:))
      do throws(DecodeError) {
        return try NamespaceLink.decode(text.span)
      } catch {
        throw SystemCallError("readlink", on: path, errno: EINVAL)
      }
    } catch {
      // Not a link: a file that a namespace is mounted on.
      if error.errno == EINVAL, let id = namespaceFile(path) { return id }
      throw error
    }
  }

  /// The inode of a file that is a network namespace; nil for any other file. What kind of
  /// namespace it is, the kernel says only to who opens it.
  private static func namespaceFile(_ path: String) -> NetnsID? {
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    guard closewatch_namespace_type(fd) == closewatch_network_namespace else { return nil }
    var status = stat()
    guard fstat(fd, &status) == 0 else { return nil }
    return UInt32(exactly: status.st_ino).map(NetnsID.init(rawValue:))
  }

  static func inode(_ path: String, at fd: Int32 = AT_FDCWD) -> UInt64? {
    var status = stat()
    return fstatat(fd, path, &status, 0) == 0 ? UInt64(status.st_ino) : nil
  }
}
