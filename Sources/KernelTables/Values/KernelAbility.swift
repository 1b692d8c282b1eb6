// SPDX-License-Identifier: Apache-2.0

/// Something that kernels differ in and that verdicts, or the time they take, depend on. Whether
/// one has it is found out by trying: distributions take changes back into older versions.
package enum KernelAbility: String, Hashable, Sendable, CaseIterable {
  /// `/proc/thread-self/net` is the namespace's that the thread has entered.
  case enteredNamespace = "proc-net-after-setns"
  /// pidfd_getfd(2): a socket of another process can be asked itself.
  case descriptorCopies = "pidfd-getfd"
  /// `scm_fds` in the file of a unix socket.
  case inFlightCounts = "scm-fds"
  /// The file of an io_uring numbers the sockets that it holds.
  case ringNumbers = "io-uring-numbers"
  /// `/proc/PID/fd` has a size: the number of open descriptors.
  case descriptorCounts = "fd-directory-size"
  /// The user of a socket that waits in an accept queue.
  case unacceptedUsers = "uid-of-unaccepted"
  /// The user of a socket that was closed and is not gone.
  case orphanUsers = "uid-of-orphans"
  /// SOCK_DESTROY ends a connection.
  case destroying = "sock-destroy"

  /// What came of trying.
  package enum Answer: Hashable, Sendable {
    case yes
    case no
    /// It could not be tried: why, in words, and whether it takes more rights.
    case untold(String, needsRights: Bool)
  }
}
