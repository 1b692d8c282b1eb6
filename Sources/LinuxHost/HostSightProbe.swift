// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Finds out what this machine lets closewatch see.
package struct HostSightProbe {
  /// Where procfs is mounted.
  package var procRoot = "/proc"
  /// journald's socket for entries.
  package var journalSocket = "/run/systemd/journal/socket"
  /// The settings file of the daemon.
  package var settingsFile: String

  /// - Parameter settingsFile: Where the daemon reads its settings.
  package init(settingsFile: String) { self.settingsFile = settingsFile }

  /// Looks. Never fails: what cannot be read is told as that.
  package func look() -> HostSight {
    var sight = HostSight()
    sight.uid = geteuid()
    sight.capabilities = Self.capabilities(procRoot)
    let mounts = mounts()
    // The mount that was made last covers the others.
    sight.procOptions = mounts.last { $0.place == procRoot && $0.kind == "proc" }?.options
    sight.cgroupMount = mounts.last { $0.kind == "cgroup2" }?.place
    sight.processes = processes()
    sight.abilities = KernelAbilityProbe(procRoot: procRoot).look()
    sight.isInOwnPIDNamespace = Self.isInOwnPIDNamespace(procRoot)
    sight.isInOwnUserNamespace = Self.isInOwn("user", firstOne: 0xefff_fffd, procRoot)
    sight.kernelRelease = kernelRelease()
    sight.ownCgroup = ownCgroup(below: sight.cgroupMount)
    sight.journal = place(journalSocket, R_OK | W_OK)
    sight.settings = place(settingsFile, R_OK)
    return sight
  }

  /// Whether this process has a capability in effect.
  package static func hasCapability(_ capability: HostSight.Capability) -> Bool {
    (capabilities("/proc") ?? 0) >> capability.rawValue & 1 == 1
  }

  private static func capabilities(_ procRoot: String) -> UInt64? {
    for line in lines("\(procRoot)/self/status") where line.hasPrefix("CapEff:") {
      return UInt64(line.dropFirst(7).filter { $0 != "\t" && $0 != " " }, radix: 16)
    }
    return nil
  }

  /// Whether this process is in another pid namespace than the first one.
  package static func isInOwnPIDNamespace(_ procRoot: String = "/proc") -> Bool {
    isInOwn("pid", firstOne: 0xefff_fffc, procRoot)
  }

  /// Whether this process is in another namespace of its kind than the first one, to which the
  /// kernel gives a fixed inode number: `PROC_PID_INIT_INO` and the like in
  /// include/linux/proc_ns.h.
  private static func isInOwn(_ kind: String, firstOne: ino_t, _ procRoot: String) -> Bool {
    var status = stat()
    guard stat("\(procRoot)/self/ns/\(kind)", &status) == 0 else { return false }
    return status.st_ino != firstOne
  }

  /// A procfs that shows processes only (subset=pid) has no such file; uname(2) says the same.
  private func kernelRelease() -> String? {
    if let line = Self.lines("\(procRoot)/sys/kernel/osrelease").first { return line }
    var name = utsname()
    guard uname(&name) == 0 else { return nil }
    return withUnsafeBytes(of: &name.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private struct Mount {
    var place: String
    var kind: String
    var options: [String]
  }

  /// Those of proc_pid_mounts(5).
  private func mounts() -> [Mount] {
    Self.lines("\(procRoot)/self/mounts").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 4 else { return nil }
      return Mount(
        place: String(fields[1]), kind: String(fields[2]),
        options: fields[3].split(separator: ",").map(String.init))
    }
  }

  private func processes() -> Int {
    guard let directory = opendir(procRoot) else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      let first = UInt8(bitPattern: entry.pointee.d_name.0)
      if (0x30...0x39).contains(first) { count += 1 }
    }
    return count
  }

  private func ownCgroup(below mount: String?) -> HostSight.Place {
    guard let mount else { return .absent }
    for line in Self.lines("\(procRoot)/self/cgroup") where line.hasPrefix("0::") {
      return place(mount + line.dropFirst(3), R_OK)
    }
    return .absent
  }

  private func place(_ path: String, _ mode: Int32) -> HostSight.Place {
    if access(path, mode) == 0 { return .present }
    let error = SystemCallError("access", on: path, errno: errno)
    return error.isVanished ? .absent : .refused(error.reason)
  }

  private static func lines(_ path: String) -> [String] {
    do throws(SystemCallError) {
      let text = String(decoding: try readFile(path), as: UTF8.self)
      return text.split(separator: "\n").map(String.init)
    } catch {
      return []
    }
  }
}
