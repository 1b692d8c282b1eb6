// SPDX-License-Identifier: Apache-2.0

/// `recording.txt`: what a recording is. `RECORDED.md` beside it says the same to people.
package struct RecordingHeader: Hashable, Sendable {
  /// The format that this program writes, and the only one that it reads.
  package static let format: UInt32 = 1
  package static let file = "recording.txt"
  package static let readableFile = "RECORDED.md"

  package var closewatchVersion = ""
  /// nil when it could not be read.
  package var kernelRelease: String?
  package var isRedacted = true
  /// nil while the recording goes on, or when it was interrupted: then the looks that are there
  /// are the recording.
  package var looks: Int?
  /// Why it ended before it was asked to; nil when it did not.
  package var stopped: String?
  /// What it was made for.
  package var order = RecordedOrder()
  /// Read first, so that a recording of another format is refused for that, whatever else is in it.
  private var formatRead = format

  package init() {}

  /// The folder of a look, counted from 1: `looks/0001/`.
  package static func folder(ofLook number: Int) -> String {
    let digits = String(number)
    return "looks/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "/"
  }

  private static let table = RecordTable<RecordingHeader>(
    file, empty: RecordingHeader(),
    columns: [
      .number("format", \.formatRead),
      .text("closewatch", \.closewatchVersion),
      .optionalText("kernel_release", \.kernelRelease),
      .flag("redacted", \.isRedacted),
      RecordColumn("looks") { row, writer in
        if let looks = row.looks { writer.number(looks) } else { writer.word("unfinished") }
      } read: { cell, row throws(CellError) in
        let isOpen = cell.word == "unfinished"
        row.looks = isOpen ? nil : try cell.number(in: 0...recordedTallyBound)
      },
      .optionalText("stopped", \.stopped),
    ] + RecordedOrder.columns)

  /// The bytes of `recording.txt`.
  package var bytes: [UInt8] { Self.table.blocks([self]) }

  /// Reads `recording.txt`.
  ///
  /// - Throws: ``RecordingError/unknownFormat(text:)`` before anything else is looked at.
  package init(_ bytes: [UInt8], bounds: RecordingBounds) throws(RecordingError) {
    let firstLine = String(decoding: bytes.prefix(64).prefix { $0 != 10 }, as: UTF8.self)
    guard firstLine.hasPrefix("format: ") else {
      throw RecordingError.missingColumn(file: Self.file, column: "format")
    }
    guard firstLine == "format: \(Self.format)" else {
      throw RecordingError.unknownFormat(text: String(firstLine.dropFirst(8)))
    }
    let blocks = try Self.table.readBlocks(bytes, path: Self.file, bounds: bounds)
    guard let header = blocks.first, blocks.count == 1 else {
      throw RecordingError.truncated(file: Self.file, rows: nil, promised: nil)
    }
    guard header.looks ?? 0 <= bounds.looks else {
      throw RecordingError.tooLarge(file: Self.file, what: "looks", bound: bounds.looks)
    }
    self = header
  }

  /// The text of `RECORDED.md`.
  package var readable: String {
    let length =
      looks.map { $0 == 1 ? "1 look" : "\($0) looks" }
      ?? "unfinished: the looks that are there can be replayed"
    return """
      # A recording of the TCP sockets of one host

      Made by closewatch \(closewatchVersion) on Linux \(kernelRelease ?? "of unknown release"); \
      \(length).
      \(stopped.map { "It stopped early: \($0).\n" } ?? "")
      Replay it with `closewatch triage --replay DIR`: the output is the same on every machine.

      \(isRedacted ? Self.redactedText : Self.unredactedText)

      One folder per look: `look.txt` (clocks, counters, row counts), `namespaces.txt`,
      `sockets.tsv`, `holders.tsv`, `ghosts.tsv` (descriptors on dead sockets), `caught.tsv` (who
      was caught opening short-lived connections), `processes.tsv`, `left-out.tsv` (sockets that
      were only counted), `gaps.tsv` (what could not be seen). Tables are tab-separated under a line
      of column names;
      `-` is "nothing", `\\e` the empty text.

      """
  }

  private static let redactedText = """
    Redacted: addresses are numbered within the ranges for documentation (loopback, wildcard and
    the link-local class stay), arguments, boot id and directories of programs are dropped (but not
    those of packages, such as /usr/bin), users other than root, containers, namespaces and
    instances of units are numbered, names of this host and its users are replaced wherever they
    stand. Ports, command names, program names, main classes, unit names, pids, inodes and times
    stay. Read it before you share it.
    """

  private static let unredactedText = """
    **Not redacted**: it has the real addresses, users, paths and arguments. Arguments can carry
    passwords. Do not share it without reading it.
    """
}
