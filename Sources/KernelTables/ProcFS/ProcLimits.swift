// SPDX-License-Identifier: Apache-2.0

/// The limit of descriptors in `/proc/PID/limits`.
///
/// Source: proc_pid_limits(5); `proc_pid_limits()` in fs/proc/base.c.
package struct ProcLimits: Hashable, Sendable {
  /// RLIMIT_NOFILE; `UInt64.max` is unlimited.
  package var openFilesSoft: UInt64
  package var openFilesHard: UInt64

  /// - Parameter bytes: The file, with a line
  ///   `Max open files            1024                 524288               files`.
  package init(_ bytes: [UInt8]) throws(DecodeError) {
    let table = "/proc/PID/limits"
    guard let line = ProcessFile.value(of: "Max open files", in: bytes).map(ProcessFile.fields),
      line.count >= 2
    else {
      throw .missing(table: table, field: "Max open files")
    }
    openFilesSoft = try Self.limit(line[0], table)
    openFilesHard = try Self.limit(line[1], table)
  }

  private static func limit(
    _ text: ArraySlice<UInt8>, _ table: String
  ) throws(DecodeError) -> UInt64 {
    if text.elementsEqual("unlimited".utf8) { return .max }
    return try ProcessFile.number(text, table, "Max open files")
  }
}
