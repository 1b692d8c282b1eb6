// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// What a TCP socket in another process's descriptor is, asked of the socket itself: the tables of
/// a namespace that nobody can find never show it.
///
/// pidfd_getfd(2) gives a copy of the descriptor for the time of one statx(2) and one
/// getsockopt(2). A living socket that its process closes in these microseconds stays open so much
/// longer; so it is asked only of sockets that tables have lacked twice.
package enum DescriptorProof {
  /// In `TCP_CLOSE`: reset, timed out, or never connected.
  case dead
  /// In any other state.
  case alive
  /// The descriptor or its process is gone, or the number leads to something else now.
  case gone
  /// The kernel is too old, or a rule (Yama, seccomp) is against it.
  case refused(SystemCallError)

  package init(_ deadSocket: DeadDescriptor) {
    do throws(SystemCallError) {
      self = try Self.ask(deadSocket)
    } catch {
      let isGone = error.isVanished || error.errno == EBADF
      self = isGone ? .gone : .refused(error)
    }
  }

  /// What ss calls sk of a socket that no table shows; nil when it is gone, or the kernel is
  /// against it.
  package static func cookie(of deadSocket: DeadDescriptor) -> UInt64? {
    var cookie: UInt64 = 0
    var length = socklen_t(MemoryLayout<UInt64>.size)
    let isTold = try? withCopy(of: deadSocket) { copy, subject throws(SystemCallError) in
      _ = try systemCall("getsockopt SO_COOKIE", on: subject) {
        getsockopt(copy, SOL_SOCKET, SO_COOKIE, &cookie, &length)
      }
      return true
    }
    return isTold == true ? cookie : nil
  }

  private static func ask(_ deadSocket: DeadDescriptor) throws(SystemCallError) -> DescriptorProof {
    // The first byte of struct tcp_info is tcpi_state.
    var state: UInt8 = 0
    var length = socklen_t(1)
    var isHungUp = false
    let isTold = try withCopy(of: deadSocket) { copy, subject throws(SystemCallError) in
      _ = try systemCall("getsockopt TCP_INFO", on: subject) {
        getsockopt(copy, Int32(IPPROTO_TCP), TCP_INFO, &state, &length)
      }
      var end = pollfd(fd: copy, events: 0, revents: 0)
      _ = try systemCall("poll", on: subject) { poll(&end, 1, 0) }
      isHungUp = end.revents & Int16(POLLHUP) != 0
      return true
    }
    guard isTold != nil else { return .gone }
    // An MPTCP socket tells the state of its first subflow, and may outlive that.
    return state == TCPState.close.rawValue && isHungUp ? .dead : .alive
  }

  /// - Returns: nil when the number leads to something else now.
  private static func withCopy<Answer>(
    of deadSocket: DeadDescriptor, _ ask: (Int32, String) throws(SystemCallError) -> Answer
  ) throws(SystemCallError) -> Answer? {
    let subject = "/proc/\(deadSocket.process.pid)/fd/\(deadSocket.fd)"
    let process = try systemCall("pidfd_open", on: subject) {
      closewatch_pidfd_open(deadSocket.process.pid)
    }
    defer { close(process) }
    let copy = try systemCall("pidfd_getfd", on: subject) {
      closewatch_pidfd_getfd(process, deadSocket.fd)
    }
    defer { close(copy) }
    // It may lead to a file by now, whose server does not answer.
    var place = closewatch_place()
    _ = try systemCall("statx", on: subject) { closewatch_place_of(copy, &place) }
    guard place.inode == deadSocket.inode else { return nil }
    return try ask(copy, subject)
  }
}
