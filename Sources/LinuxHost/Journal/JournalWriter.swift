// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process that wrote an entry of this machine's journal, as it is now.
package enum JournalWriter {
  /// Whether it is known to have ended. A process that may not be seen (hidepid, another pid
  /// namespace) is not known to.
  ///
  /// - Parameters:
  ///   - pid: journald's `_PID`, which is of the first pid namespace.
  ///   - command: journald's `_COMM`: the number can be another process's by now.
  package static func isGone(pid: Int32, command: String?) -> Bool {
    guard !HostSightProbe.isInOwnPIDNamespace() else { return false }
    if kill(pid, 0) != 0, errno == ESRCH { return true }
    guard let command, let bytes = try? readFile("/proc/\(pid)/comm") else { return false }
    return String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self) != command
  }
}
