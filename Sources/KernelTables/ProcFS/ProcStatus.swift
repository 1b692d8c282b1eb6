// SPDX-License-Identifier: Apache-2.0

/// What is used of `/proc/PID/status`.
///
/// Source: proc_pid_status(5).
package struct ProcStatus: Hashable, Sendable {
  package var realUID: UInt32
  package var effectiveUID: UInt32
  package var threads: Int
  /// Its pid in each pid namespace it is in, the outermost first; empty before Linux 4.1.
  package var namespacePIDs: [Int32]

  /// - Parameter bytes: The file; the lines `Uid:` and `Threads:` must be there.
  package init(_ bytes: [UInt8]) throws(DecodeError) {
    let table = "/proc/PID/status"
    guard let uids = ProcessFile.value(of: "Uid:", in: bytes).map(ProcessFile.fields),
      uids.count >= 2
    else {
      throw .missing(table: table, field: "Uid")
    }
    realUID = try ProcessFile.number(uids[0], table, "Uid")
    effectiveUID = try ProcessFile.number(uids[1], table, "Uid")
    guard let count = ProcessFile.value(of: "Threads:", in: bytes).map(ProcessFile.fields)?.first
    else {
      throw .missing(table: table, field: "Threads")
    }
    threads = try ProcessFile.number(count, table, "Threads")
    namespacePIDs = []
    for text in ProcessFile.value(of: "NSpid:", in: bytes).map(ProcessFile.fields) ?? [] {
      namespacePIDs.append(try ProcessFile.number(text, table, "NSpid"))
    }
  }
}
