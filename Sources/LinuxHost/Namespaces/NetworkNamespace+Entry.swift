// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

extension NetworkNamespace {
  /// Enters it with the calling thread, and makes sure that it is the one: see ``LookThread``.
  ///
  /// - Returns: Who made it: the owner of its user namespace; nil where that is not told.
  /// - Throws: ``SystemCallError``; ``SystemCallError/isVanished`` when nothing leads there.
  @discardableResult
  func enter(
    procRoot: String, avoided: AvoidedSteps = AvoidedSteps()
  ) throws(SystemCallError) -> UInt32? {
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
      EyeStep.entry.begin(on: pid, of: avoided.user(of: pid))
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
        let owner = closewatch_namespace_owner(fd)
        return owner == .max ? nil : owner
      } catch {
        failure = error
      }
    }
    throw failure
  }
}
