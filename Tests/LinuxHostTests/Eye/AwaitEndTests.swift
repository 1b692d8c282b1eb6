// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import Testing

@testable import LinuxHost

/// How eyes are forked, and how their end is waited for.
@Suite struct AwaitEndTests {
  /// In a process of its own, which makes nothing but system calls.
  ///
  /// - Parameter descriptors: How many it may have: with none there is no pidfd.
  /// - Returns: What it says of a child that ends after 30 ms.
  private func awaitEnd(within milliseconds: Int32, descriptors: UInt?) -> Int32 {
    let process = closewatch_fork()
    if process == 0 {
      if let descriptors {
        var limit = rlimit(rlim_cur: descriptors, rlim_max: descriptors)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      }
      let child = closewatch_fork()
      if child == 0 {
        usleep(30_000)
        _exit(0)
      }
      _exit(closewatch_await_end(child, milliseconds))
    }
    var status: Int32 = -1
    waitpid(process, &status, 0)
    return status >> 8
  }

  @Test(arguments: [UInt?.none, 0])
  func `a child's end is waited for, with and without a pidfd, and not for ever`(
    _ descriptors: UInt?
  ) {
    #expect(awaitEnd(within: 5000, descriptors: descriptors) == 1)
    #expect(awaitEnd(within: 1, descriptors: descriptors) == 0)
    #expect(awaitEnd(within: 0, descriptors: descriptors) == 0)
  }

  @Test func `only a limit of processes is told to be raised`() {
    func words(_ call: String, _ errno: Int32) -> String {
      HostError(cannotStart: SystemCallError(call, on: "an eye", errno: errno)).description
    }
    #expect(words("fork", EAGAIN).hasSuffix("(EAGAIN); raise the limit of processes"))
    #expect(words("fork", ENOMEM).hasSuffix("(ENOMEM)"))
    #expect(words("memfd_create", EMFILE).hasSuffix("(EMFILE)"))
  }
}
