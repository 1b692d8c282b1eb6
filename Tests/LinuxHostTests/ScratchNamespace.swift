// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost

/// A network namespace of a test's own: named by a mount under a directory that the test made, so
/// that nothing shows under `/run/netns`. Gone when it goes out of scope.
///
/// Tests that use one need CAP_SYS_ADMIN: `.requires(.networkNamespaces)`.
final class ScratchNamespace {
  let directory: String
  let name: String
  let id: NetnsID

  var path: String { "\(directory)/\(name)" }

  init(_ name: String) throws {
    var template = Array("/tmp/closewatch-netns-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw SystemCallError("mkdtemp", on: "/tmp", errno: errno)
    }
    let directory = String(
      decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let path = "\(directory)/\(name)"
    let id: Result<NetnsID, SystemCallError> = try LookThread.run {
      do throws(SystemCallError) {
        _ = try systemCall("unshare", on: "network namespace") { unshareNetwork() }
        close(try systemCall("open", on: path) { open(path, O_CREAT | O_RDONLY, 0o600) })
        let thread = "/proc/thread-self/ns/net"
        _ = try systemCall("mount", on: path) { mount(thread, path, "none", UInt(MS_BIND), nil) }
        var status = stat()
        _ = try systemCall("stat", on: path) { stat(path, &status) }
        return .success(NetnsID(rawValue: UInt32(truncatingIfNeeded: status.st_ino)))
      } catch {
        return .failure(error)
      }
    }
    self.directory = directory
    self.name = name
    self.id = try id.get()
  }

  /// Runs `body` on a thread inside of it.
  func run<Result>(_ body: () throws -> Result) throws -> Result {
    let path = path
    let result: Swift.Result<Result, any Error> = try LookThread.run {
      Swift.Result {
        let fd = try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(fd) }
        _ = try systemCall("setns", on: path) {
          closewatch_setns(fd, closewatch_network_namespace)
        }
        return try body()
      }
    }
    return try result.get()
  }

  deinit {
    umount2(path, Int32(MNT_DETACH))
    unlink(path)
    rmdir(directory)
  }
}

private func unshareNetwork() -> Int32 {
  closewatch_unshare(closewatch_network_namespace)
}
