// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// The trace of a recording: a file beside its looks, in the words of the tracer.
package enum RecordedTrace {
  private static let file = "trace.json"
  /// More frames than a trace has.
  private static let largest = 4 << 20

  /// Whether a recording has one, be it one that cannot be read: to read it says why.
  package static func isThere(in directory: String) -> Bool {
    var status = stat()
    return lstat(path(in: directory), &status) == 0
  }

  /// - Throws: ``HostError`` when there is none, or it is no plain file.
  package static func read(in directory: String) throws(HostError) -> [UInt8] {
    guard let bytes = try find(in: directory) else {
      throw HostError(
        "the recording \(directory) has no trace: make one with closewatch record --trace")
    }
    return bytes
  }

  private static func find(in directory: String) throws(HostError) -> [UInt8]? {
    let reader = RecordingReader(directory: directory, bounds: RecordingBounds())
    do throws(ReadingError) {
      return try RecordingFiles(directory: directory).read(file, limit: largest)
    } catch {
      throw reader.hostError(error)
    }
  }

  /// Writes it, for its owner only.
  package static func write(_ bytes: [UInt8], in directory: String) throws(HostError) {
    guard bytes.count <= largest else {
      throw HostError("cannot write the trace: it has more than \(largest >> 20) MB")
    }
    let path = path(in: directory)
    do throws(SystemCallError) {
      try RecordingFolder.write(bytes, to: path + ".partial")
      try RecordingFolder.move(path + ".partial", to: path)
    } catch {
      throw HostError("cannot write the trace: \(error)")
    }
  }

  /// What it is called in words about a recording.
  package static func path(in directory: String) -> String { "\(directory)/\(file)" }
}
