// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// What this process uses, as proc_pid_stat(5) and getrusage(2) tell.
package struct OwnUsage: Hashable, Sendable {
  /// Processor time, user and system.
  package var cpuSeconds: Double
  package var residentBytes: Int
  package var virtualBytes: Int
  /// nil when `/proc/self/fd` could not be listed.
  package var openDescriptors: Int?
  /// The soft RLIMIT_NOFILE; `UInt64.max` is unlimited.
  package var descriptorLimit: UInt64?

  /// The numbers of now.
  ///
  /// - Throws: ``SystemCallError`` when `/proc/self/statm` cannot be read.
  package static func now() throws(SystemCallError) -> OwnUsage {
    let path = "/proc/self/statm"
    let words = try readFile(path, limit: 256).split(separator: UInt8(ascii: " "))
      .map { Int(String(decoding: $0, as: UTF8.self)) }
    guard words.count >= 2, let size = words[0], let resident = words[1] else {
      throw SystemCallError("read", on: path, errno: EIO)
    }
    let page = sysconf(Int32(_SC_PAGESIZE))
    var usage = rusage()
    _ = try systemCall("getrusage", on: "self") { getrusage(RUSAGE_SELF.rawValue, &usage) }
    var limit = rlimit()
    let hasLimit = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    return OwnUsage(
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      residentBytes: resident * page, virtualBytes: size * page, openDescriptors: descriptorCount(),
      descriptorLimit: hasLimit ? UInt64(limit.rlim_cur) : nil)
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  private static func descriptorCount() -> Int? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
    }
    // The directory itself is one of them.
    return count - 1
  }
}
