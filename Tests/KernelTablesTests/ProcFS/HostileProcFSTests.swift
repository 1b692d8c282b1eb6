// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import Testing

/// Each file of `Tests/Fixtures/hostile-procfs` has one defect, and ends in one exact error.
@Suite struct HostileProcFSTests {
  private static let errors: [String: DecodeError] = [
    "stat-empty": .missing(table: "/proc/PID/stat", field: "comm"),
    "stat-name-without-parentheses": .missing(table: "/proc/PID/stat", field: "comm"),
    "stat-pid-missing": .missing(table: "/proc/PID/stat", field: "pid"),
    "stat-pid-not-a-number": .badField(table: "/proc/PID/stat", field: "pid", text: "8x2"),
    "stat-state-missing": .missing(table: "/proc/PID/stat", field: "state"),
    "stat-state-two-letters": .badField(table: "/proc/PID/stat", field: "state", text: "SS"),
    "stat-parent-missing": .missing(table: "/proc/PID/stat", field: "ppid"),
    "stat-cut-before-threads": .missing(table: "/proc/PID/stat", field: "num_threads"),
    "stat-cut-before-starttime": .missing(table: "/proc/PID/stat", field: "starttime"),
    "stat-starttime-too-large": .badField(
      table: "/proc/PID/stat", field: "starttime", text: "99999999999999999999"),
    "stat-starttime-negative": .badField(
      table: "/proc/PID/stat", field: "starttime", text: "-4"),
    "stat-startstack-not-a-number": .badField(
      table: "/proc/PID/stat", field: "startstack", text: "0x7ffc"),
    "mountinfo-without-type": .missing(table: "/proc/PID/mountinfo", field: "type"),
    "cgroup-two-columns": .badField(
      table: "/proc/PID/cgroup", field: "line", text: "0:/system.slice"),
    "cgroup-hierarchy-not-a-number": .badField(
      table: "/proc/PID/cgroup", field: "line", text: "zero::/system.slice"),
    "cgroup-path-not-absolute": .badField(
      table: "/proc/PID/cgroup", field: "line", text: "0::system.slice"),
    "limits-line-missing": .missing(table: "/proc/PID/limits", field: "Max open files"),
    "limits-hard-missing": .missing(table: "/proc/PID/limits", field: "Max open files"),
    "limits-soft-not-a-number": .badField(
      table: "/proc/PID/limits", field: "Max open files", text: "endless"),
    "limits-hard-too-large": .badField(
      table: "/proc/PID/limits", field: "Max open files", text: "18446744073709551616"),
    "fdinfo-scm-fds-empty": .missing(table: "/proc/PID/fdinfo", field: "scm_fds"),
    "fdinfo-scm-fds-not-a-number": .badField(
      table: "/proc/PID/fdinfo", field: "scm_fds", text: "many"),
    "fdinfo-user-file-cut": .badField(
      table: "/proc/PID/fdinfo", field: "UserFiles", text: "    0: socket:[12"),
    "link-inode-not-a-number": .badField(
      table: "/proc/PID/fd", field: "inode", text: "socket:[zz]"),
    "link-bracket-missing": .badField(
      table: "/proc/PID/fd", field: "inode", text: "socket:[30182"),
    "link-inode-missing": .badField(table: "/proc/PID/fd", field: "inode", text: "socket:[]"),
    "link-inode-too-large": .badField(
      table: "/proc/PID/fd", field: "inode", text: "socket:[18446744073709551616]"),
    "link-inode-zero": .badField(table: "/proc/PID/fd", field: "inode", text: "socket:[0]"),
  ]

  private static let folder =
    #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    + "/Fixtures/hostile-procfs"

  @Test(arguments: errors.keys.sorted())
  func `one defect ends in its error`(name: String) throws {
    let bytes = try Self.read("\(Self.folder)/\(name).txt")
    let error = try #require(Self.errors[name])
    #expect(throws: error) { try Self.decode(name, bytes) }
  }

  @Test func `every fixture is listed here`() throws {
    let directory = try #require(opendir(Self.folder))
    defer { closedir(directory) }
    var names: Set<String> = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".txt") { names.insert(String(name.dropLast(4))) }
    }
    #expect(names == Set(Self.errors.keys))
  }

  private static func decode(_ name: String, _ bytes: [UInt8]) throws {
    switch name.prefix(while: { $0 != "-" }) {
    case "stat": _ = try ProcStat(bytes)
    case "cgroup": _ = try ProcCgroup(bytes)
    case "limits": _ = try ProcLimits(bytes)
    case "mountinfo": _ = try ProcMountInfo(bytes)
    case "fdinfo": _ = try FdInfo(bytes)
    case "link": _ = try SocketLink(bytes)
    default: Issue.record("no decoder for \(name)")
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }
}
