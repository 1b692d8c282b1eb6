// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

extension NetworkNamespace {
  /// Enters it with the calling thread, and makes sure that it is the one: see ``LookThread``.
  ///
  /// - Throws: ``SystemCallError``; ``SystemCallError/isVanished`` when nothing leads there.
  func enter(procRoot: String, avoided: AvoidedSteps = AvoidedSteps()) throws(SystemCallError) {
    guard hasTrueID else {
      throw SystemCallError("setns", on: "a namespace without a readable link", errno: EACCES)
    }
    var files: [(pid: Int32, path: String)] = path.map { [(Int32(0), $0)] } ?? []
    var failure = SystemCallError("setns", on: "\(id.rawValue)", errno: ESRCH)
    for pid in members {
      if avoided.covers(.entry, pid) {
        failure = SystemCallError("setns", on: "\(id.rawValue)", errno: EBUSY)
      } else {
        files.append((pid, "\(procRoot)/\(pid)/ns/net"))
      }
    }
    for (pid, file) in files {
      EyeStep.entry.begin(on: pid)
      do throws(SystemCallError) {
        let fd = try systemCall("open", on: file) { open(file, O_RDONLY | O_CLOEXEC) }
        defer { close(fd) }
        var status = stat()
        _ = try systemCall("fstat", on: file) { fstat(fd, &status) }
        // A pid that was used again leads to another namespace.
        guard status.st_ino == UInt(id.rawValue) else { continue }
        _ = try systemCall("setns", on: file) {
          closewatch_setns(fd, closewatch_network_namespace)
        }
        return
      } catch {
        failure = error
      }
    }
    throw failure
  }
}
