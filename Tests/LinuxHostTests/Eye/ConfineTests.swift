// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import Testing

/// What the filters of system calls refuse each part: that they are there is not enough.
@Suite struct ConfineTests {
  /// Does one thing in a process of its own that is confined as the daemon, a keeper, an eye are.
  ///
  /// - Parameter act: Makes nothing but system calls; 0 or more when it was let.
  /// - Returns: The number of the error for each; 0: it was done.
  private func errors(_ act: () -> Int32) -> [Int32] {
    [[closewatch_daemon], [closewatch_keeper], [closewatch_keeper, closewatch_eye]].map { roles in
      let process = closewatch_fork()
      if process == 0 {
        _ = closewatch_no_new_privileges()
        for role in roles where closewatch_confine(role) != 0 { _exit(255) }
        errno = 0
        _exit(act() < 0 ? errno : 0)
      }
      var status: Int32 = -1
      waitpid(process, &status, 0)
      return status & 0x7f == 0 ? status >> 8 & 0xff : -1
    }
  }

  @Test func `none of them becomes another program`() {
    #expect(
      errors {
        var nothing: UnsafeMutablePointer<CChar>?
        return execve("/bin/true", &nothing, &nothing)
      } == [EPERM, EPERM, EPERM])
  }

  @Test func `none of them makes a namespace or leaves its root`() {
    // Of nothing at all, which whoever is let may do.
    #expect(errors { closewatch_unshare(0) } == [EPERM, EPERM, EPERM])
    #expect(errors { chroot("/nonexistent") } == [EPERM, EPERM, EPERM])
  }

  @Test func `the daemon enters no namespace and takes no descriptor, which eyes do`() {
    #expect(errors { closewatch_setns(-1, 0) } == [EPERM, EBADF, EBADF])
    #expect(errors { closewatch_pidfd_getfd(-1, 0) } == [EPERM, EBADF, EBADF])
  }

  @Test func `who looks speaks to nobody but the kernel`() {
    let kind = Int32(SOCK_RAW.rawValue)
    #expect(errors { socket(AF_NETLINK, kind, 4) } == [0, 0, 0])
    for family in [AF_INET, AF_INET6, AF_UNIX] {
      let isLet = errors { socket(family, Int32(SOCK_STREAM.rawValue), 0) }
      #expect(isLet.dropFirst() == [EAFNOSUPPORT, EAFNOSUPPORT])
    }
    #expect(errors { listen(-1, 1) } == [EBADF, EPERM, EPERM])
    var none = sockaddr()
    #expect(errors { connect(-1, &none, 0) } == [EBADF, EPERM, EPERM])
    var ends: [Int32] = [-1, -1]
    let stream = Int32(SOCK_STREAM.rawValue)
    #expect(errors { socketpair(AF_UNIX, stream, 0, &ends) } == [0, EPERM, EPERM])
  }

  @Test func `who looks reads files and changes none`() {
    #expect(errors { open("/dev/null", O_RDONLY) } == [0, 0, 0])
    for flags in [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_CREAT] {
      #expect(errors { open("/dev/null", flags, 0o600) } == [0, EPERM, EPERM], "\(flags)")
    }
    let path = "/nonexistent/file"
    #expect(errors { unlink(path) } == [ENOENT, EPERM, EPERM])
    #expect(errors { mkdir(path, 0o700) } == [ENOENT, EPERM, EPERM])
    #expect(errors { rename(path, path) } == [ENOENT, EPERM, EPERM])
    #expect(errors { symlink(path, path) } == [ENOENT, EPERM, EPERM])
    #expect(errors { chmod(path, 0o700) } == [ENOENT, EPERM, EPERM])
    #expect(errors { truncate(path, 0) } == [ENOENT, EPERM, EPERM])
  }

  @Test func `a keeper forks, and an eye does not`() {
    let fork = {
      let child = closewatch_fork()
      if child == 0 { _exit(0) }
      return child
    }
    #expect(errors(fork) == [0, 0, EPERM])
  }
}
