// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Reads entries of the journal, oldest first, through `journalctl -o export`: whoever copies
/// closewatch to a machine needs no library of systemd there.
package struct JournalReader {
  /// Entries that have all of these fields.
  package typealias Match = [(name: String, value: String)]

  private let place: JournalPlace
  private let program: String
  /// Entries that could not be read: a damaged file.
  package private(set) var damaged = 0

  /// - Parameter program: Tests take one that is not there.
  package init(_ place: JournalPlace, program: String = "journalctl") {
    self.place = place
    self.program = program
  }

  /// When the oldest entry was written, in seconds since 1970; nil without entries.
  ///
  /// - Throws: ``HostError`` when the journal cannot be read.
  package mutating func reachesBackTo() throws(HostError) -> Double? {
    try first(["--output-fields=_BOOT_ID"])?.wallSeconds
  }

  /// The newest entry of all, whoever wrote it, without fields.
  ///
  /// - Throws: ``HostError`` when the journal cannot be read.
  package mutating func newest() throws(HostError) -> JournalRecord? {
    try first(["--output-fields=_BOOT_ID", "--lines=1"])
  }

  private mutating func first(_ arguments: [String]) throws(HostError) -> JournalRecord? {
    var found: JournalRecord?
    try run(arguments, keep: { _ in false }) { record in
      found = record
      return false
    }
    return found
  }

  /// Hands over every entry that has one of `matches`, oldest first.
  ///
  /// - Parameters:
  ///   - matches: Which entries.
  ///   - since: Seconds since 1970.
  ///   - keep: Which fields are wanted, by name.
  ///   - body: Returns whether to go on.
  /// - Throws: ``HostError`` when the journal cannot be read on.
  package mutating func read(
    _ matches: [Match], since: Double, keep: @escaping (String) -> Bool,
    body: (JournalRecord) -> Bool
  ) throws(HostError) {
    var arguments = ["--since=@\(UInt64(max(0, min(since, 1e12))))"]
    for match in matches {
      if arguments.count > 1 { arguments.append("+") }
      arguments += match.map { "\($0.name)=\($0.value)" }
    }
    try run(arguments, keep: keep) { $0.wallSeconds < since || body($0) }
  }

  private mutating func run(
    _ arguments: [String], keep: @escaping (String) -> Bool, body: (JournalRecord) -> Bool
  ) throws(HostError) {
    var export = JournalExport(keep: keep)
    var ended = false
    let outcome: ProgramOutput.Outcome
    do throws(SystemCallError) {
      outcome = try ProgramOutput.read(program, options + arguments) { piece in
        ended = !export.take(piece, body)
        return !ended
      }
    } catch {
      throw HostError(
        error.errno == ENOENT
          ? "cannot read the journal: there is no program \(program) on this machine, which reads"
            + " it; read a copy where systemd is (--directory)"
          : "cannot read the journal: \(error)")
    }
    if !ended, let last = export.finish() { _ = body(last) }
    damaged += export.damaged
    guard outcome.status == 0 || ended else {
      throw HostError(
        "cannot read the journal: \(program): \(outcome.firstError);"
          + " journalctl --verify checks its files")
    }
  }

  private var options: [String] {
    let always = ["--output=export", "--quiet", "--no-pager"]
    return switch place {
    case .local: always
    case .directory(let path): always + ["--directory=\(path)"]
    case .file(let path): always + ["--file=\(path)"]
    }
  }
}
