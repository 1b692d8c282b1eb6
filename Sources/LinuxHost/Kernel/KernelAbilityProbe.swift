// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Finds out what this kernel can do, by doing it: with sockets and descriptors of this process
/// alone, and where that is allowed in a network namespace of a thread's own, gone with it.
/// No other process, socket or setting is touched, so it needs no eye.
struct KernelAbilityProbe {
  let procRoot: String

  func look() -> [KernelAbility: KernelAbility.Answer] {
    var found: [KernelAbility: KernelAbility.Answer] = [
      .descriptorCopies: Self.answer("pidfd_getfd", closewatch_copies_descriptors()),
      .inFlightCounts: Self.answer("socketpair", closewatch_counts_in_flight()),
      .ringNumbers: Self.answer("io_uring_setup", closewatch_numbers_ring_sockets()),
      .descriptorCounts: descriptorCounts,
    ]
    // On a thread of its own, whose namespace ends with it.
    let inside = try? LookThread.run { Self.lookInside() }
    found.merge(inside ?? [:]) { first, _ in first }
    for ability in KernelAbility.allCases where found[ability] == nil {
      found[ability] = .untold("no thread could be started", needsRights: false)
    }
    return found
  }

  private static func lookInside() -> [KernelAbility: KernelAbility.Answer] {
    var found: [KernelAbility: KernelAbility.Answer] = [:]
    let entered = closewatch_shows_entered_namespace()
    found[.enteredNamespace] = answer("unshare", entered)
    // In a new namespace the interface is down; otherwise the host's is used, and it is up.
    if entered >= 0 { _ = closewatch_raise_loopback() }
    let users = closewatch_tells_users()
    found[.unacceptedUsers] = answer("connect", users < 0 ? -1 : users & 1)
    found[.orphanUsers] = answer("connect", users < 0 ? -1 : users >> 1 & 1)
    found[.destroying] = destroying
    return found
  }

  /// Asks for the end of a socket that cannot be there: port 0 to port 0.
  private static var destroying: KernelAbility.Answer {
    do throws(SystemCallError) {
      var inquiry = try SocketInquiry()
      _ = try inquiry.destroy(SocketRow(), interface: 0)
      return .yes
    } catch {
      return error.errno == EOPNOTSUPP ? .no : untold(error)
    }
  }

  private var descriptorCounts: KernelAbility.Answer {
    var status = stat()
    let path = "\(procRoot)/self/fd"
    guard stat(path, &status) == 0 else {
      return Self.untold(SystemCallError("stat", on: path, errno: errno))
    }
    return status.st_size > 0 ? .yes : .no
  }

  private static func answer(_ call: String, _ result: Int32) -> KernelAbility.Answer {
    switch result {
    case 0: .no
    case 1...: .yes
    default: untold(SystemCallError(call, on: "this process", errno: errno))
    }
  }

  private static func untold(_ error: SystemCallError) -> KernelAbility.Answer {
    .untold(error.description, needsRights: error.errno == EPERM || error.errno == EACCES)
  }
}
