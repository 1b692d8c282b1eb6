// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// A network namespace of this process's own, with a loopback and nothing else.
package enum OwnNetwork {
  /// Enters a new one; where that is not permitted, in a new user namespace, in which every user
  /// may: user and group stay the same there, and programs that gain rights by setuid do not.
  ///
  /// - Throws: ``HostError`` when neither is allowed.
  package static func enter() throws(HostError) {
    let (uid, gid) = (geteuid(), getegid())
    do throws(SystemCallError) {
      do throws(SystemCallError) {
        try unshare(closewatch_network_namespace, "CLONE_NEWNET")
      } catch {
        guard error.isDenied else { throw error }
        try unshare(
          closewatch_network_namespace | closewatch_user_namespace, "CLONE_NEWUSER, CLONE_NEWNET")
        // Without it a group could be left that takes rights away: user_namespaces(7).
        try write("deny", to: "/proc/self/setgroups")
        try write("\(uid) \(uid) 1", to: "/proc/self/uid_map")
        try write("\(gid) \(gid) 1", to: "/proc/self/gid_map")
      }
      _ = try systemCall("bring up", on: "lo") { closewatch_raise_loopback() }
    } catch {
      throw HostError(
        "cannot make a network namespace for the command: \(error); "
          + "run as root, allow user namespaces, or leave out --netns")
    }
  }

  private static func unshare(_ flags: Int32, _ name: String) throws(SystemCallError) {
    _ = try systemCall("unshare", on: name) { closewatch_unshare(flags) }
  }

  private static func write(_ text: String, to path: String) throws(SystemCallError) {
    let fd = try systemCall("open", on: path) { open(path, O_WRONLY | O_CLOEXEC) }
    defer { close(fd) }
    let bytes = Array(text.utf8)
    _ = try systemCall("write", on: path) { Glibc.write(fd, bytes, bytes.count) }
  }
}
