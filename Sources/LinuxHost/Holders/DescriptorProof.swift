// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// What a TCP socket in another process's descriptor is, asked of the socket itself: the tables of
/// a namespace that nobody can find never show it.
///
/// pidfd_getfd(2) gives a copy of the descriptor for the time of one fstat(2) and one
/// getsockopt(2). A living socket that its process closes in these microseconds stays open so much
/// longer; so it is asked only of sockets that tables have lacked twice.
enum DescriptorProof {
  /// In `TCP_CLOSE`: reset, timed out, or never connected.
  case dead
  /// In any other state.
  case alive
  /// The descriptor or its process is gone, or the number leads to something else now.
  case gone
  /// The kernel is too old, or a rule (Yama, seccomp) is against it.
  case refused(SystemCallError)

  init(_ deadSocket: DeadDescriptor) {
    do throws(SystemCallError) {
      self = try Self.ask(deadSocket)
    } catch {
      let isGone = error.isVanished || error.errno == EBADF
      self = isGone ? .gone : .refused(error)
    }
  }

  private static func ask(_ deadSocket: DeadDescriptor) throws(SystemCallError) -> DescriptorProof {
    let subject = "/proc/\(deadSocket.process.pid)/fd/\(deadSocket.fd)"
    let process = try systemCall("pidfd_open", on: subject) {
      closewatch_pidfd_open(deadSocket.process.pid)
    }
    defer { close(process) }
    let copy = try systemCall("pidfd_getfd", on: subject) {
      closewatch_pidfd_getfd(process, deadSocket.fd)
    }
    defer { close(copy) }
    var status = stat()
    _ = try systemCall("fstat", on: subject) { fstat(copy, &status) }
    guard UInt64(status.st_ino) == deadSocket.inode else { return .gone }
    // The first byte of struct tcp_info is tcpi_state.
    var state: UInt8 = 0
    var length = socklen_t(1)
    _ = try systemCall("getsockopt TCP_INFO", on: subject) {
      getsockopt(copy, Int32(IPPROTO_TCP), TCP_INFO, &state, &length)
    }
    return state == TCPState.close.rawValue ? .dead : .alive
  }
}
