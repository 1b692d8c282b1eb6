// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

extension NetworkNamespace {
  /// Enters it with the calling thread, and makes sure that it is the one: see ``LookThread``.
  ///
  /// - Throws: ``SystemCallError``; ``SystemCallError/isVanished`` when nothing leads there.
  func enter(procRoot: String) throws(SystemCallError) {
    guard hasTrueID else {
      throw SystemCallError("setns", on: "a namespace without a readable link", errno: EACCES)
    }
    var files = members.map { "\(procRoot)/\($0)/ns/net" }
    if let path { files.insert(path, at: 0) }
    var failure = SystemCallError("setns", on: "\(id.rawValue)", errno: ESRCH)
    EyeStep.entry.begin(on: members.first ?? 0)
    for file in files {
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
