// SPDX-License-Identifier: Apache-2.0

/// How much a recording may hold. The same bounds hold for writing and for reading, so that what
/// was written replays.
package struct RecordingBounds: Hashable, Sendable {
  /// Bytes of all looks together. The default, 64 MiB, is about 400,000 socket rows: 30 looks at
  /// a host of 13,000 sockets, and still small enough to attach to a bug report once packed.
  package var totalBytes = 64 << 20
  /// Bytes of one file.
  package var fileBytes = 64 << 20
  /// Bytes of `recording.txt`.
  package var headerBytes = 64 << 10
  /// Rows of one table.
  package var rows = 1_000_000
  /// Looks of one recording: a day at one look a second has 86,400.
  package var looks = 100_000

  package init() {}
}
