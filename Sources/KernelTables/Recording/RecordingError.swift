// SPDX-License-Identifier: Apache-2.0

/// Why a recording can't be read. Its description is one line: file, line, column, the offending
/// text, and what to do.
package enum RecordingError: Error, Hashable, Sendable {
  /// `recording.txt` names a format that this program does not read.
  case unknownFormat(text: String)
  case missingFile(String)
  /// A column of a table, or a key of a `key: value` file, that must be there is not.
  case missingColumn(file: String, column: String)
  /// A column or key that this format does not have, or has only once.
  case unexpectedColumn(file: String, line: Int, column: String)
  /// A row with too few or too many cells, or a line that is no `key: value`.
  case damagedLine(file: String, line: Int, text: String, expected: String)
  case damagedCell(file: String, line: Int, column: String, text: String, expected: String)
  /// The file ends in mid-line (`rows` nil), or has other rows than `look.txt` promises.
  case truncated(file: String, rows: Int?, promised: Int?)
  /// A symbolic link, a pipe or a device: a replay opens nothing but files and directories.
  case wrongKind(file: String, kind: String, expected: String)
  /// More than this program is willing to read.
  case tooLarge(file: String, what: String, bound: Int)
}

extension RecordingError: CustomStringConvertible {
  /// `looks/0001/sockets.tsv line 3, column inode: 'zz' is not a whole number from 0 to ...; ...`.
  package var description: String {
    switch self {
    case .unknownFormat(let text):
      "recording.txt: format \(Self.quoted(text)) is not one that this closewatch reads"
        + " (\(RecordingHeader.format)); replay it with the version that recorded it"
    case .missingFile(let file):
      "\(file) is missing; copy the whole recording again, or record again"
    case .missingColumn(let file, let column):
      "\(file): '\(column)' is missing; \(Self.restore)"
    case .unexpectedColumn(let file, let line, let column):
      "\(file) line \(line): \(Self.quoted(column)) is unknown or there twice; \(Self.restore)"
    case .damagedLine(let file, let line, let text, let expected):
      "\(file) line \(line): \(Self.quoted(text)) is not \(expected); \(Self.restore)"
    case .damagedCell(let file, let line, let column, let text, let expected):
      "\(file) line \(line), column \(column): \(Self.quoted(text)) is not \(expected);"
        + " \(Self.restore)"
    case .truncated(let file, let rows?, let promised?):
      "\(file) has \(rows) rows and look.txt promises \(promised); \(Self.restore)"
    case .truncated(let file, _, _):
      "\(file) is empty or ends in the middle of a line; \(Self.restore)"
    case .wrongKind(let file, let kind, let expected):
      "\(file) is \(kind) and not \(expected), and a replay follows no links: copy the recording"
        + " with what is in it"
    case .tooLarge(let file, let what, let bound):
      "\(file) has more than \(bound) \(what); record for a shorter time or one namespace"
    }
  }

  private static let restore = "restore the file from the original, or record again"

  /// Untrusted text for one line of a terminal: escaped, and at most 40 characters.
  private static func quoted(_ text: String) -> String {
    var writer = CellWriter()
    writer.text(text.count > 40 ? String(text.prefix(40)) + "..." : text)
    return text.isEmpty ? "''" : "'\(String(decoding: writer.bytes, as: UTF8.self))'"
  }
}
