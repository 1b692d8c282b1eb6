// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One entry of the journal, with the fields that were wanted.
package struct JournalRecord: Sendable {
  /// When journald took it: seconds since 1970.
  package var wallSeconds: Double
  /// Which start of the machine it was written in: 32 hexadecimal digits.
  package var bootID: String
  /// In the journal's order; a name can come more than once.
  package var fields: [(name: String, value: String)]

  /// The first value of a field.
  package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Where a journal is.
package enum JournalPlace: Hashable, Sendable {
  /// That of this machine: `/run/log/journal` and `/var/log/journal`.
  case local
  /// The files below this directory.
  case directory(String)
  /// This file.
  case file(String)
}

/// Reads entries of the journal, oldest first: sd-journal(3).
package struct JournalReader: ~Copyable {
  /// Entries that have all of these fields.
  package typealias Match = [(name: String, value: String)]

  private let handle: OpaquePointer
  private let subject: String
  /// Entries that could not be read: a damaged file.
  package private(set) var damaged = 0

  /// No field of an entry of closewatch is longer; a longer one is cut.
  private static let longestValue = 65_536

  /// Opens a journal. Files that may not be read are silently left out: ``JournalFiles`` tells.
  ///
  /// - Throws: ``SystemCallError`` when there is none.
  package init(_ place: JournalPlace) throws(SystemCallError) {
    var opened: OpaquePointer?
    let code: Int32
    switch place {
    case .local:
      subject = "the journal of this machine"
      code = sd_journal_open(&opened, Int32(SD_JOURNAL_LOCAL_ONLY))
    case .directory(let path):
      subject = path
      code = sd_journal_open_directory(&opened, path, 0)
    case .file(let path):
      subject = path
      code = path.withCString { pointer in
        var paths: [UnsafePointer<CChar>?] = [pointer, nil]
        return sd_journal_open_files(&opened, &paths, 0)
      }
    }
    guard code >= 0, let opened else {
      throw SystemCallError("open", on: subject, errno: code < 0 ? -code : EINVAL)
    }
    handle = opened
    sd_journal_set_data_threshold(handle, Self.longestValue)
  }

  deinit { sd_journal_close(handle) }

  /// When the oldest entry was written, in seconds since 1970; nil without entries.
  package var reachesBackTo: Double? {
    var oldest: UInt64 = 0
    guard sd_journal_get_cutoff_realtime_usec(handle, &oldest, nil) > 0 else { return nil }
    return Double(oldest) / 1e6
  }

  /// The newest entry of all, whoever wrote it, without fields.
  package mutating func newest() -> JournalRecord? {
    sd_journal_flush_matches(handle)
    guard sd_journal_seek_tail(handle) >= 0, sd_journal_previous(handle) > 0 else { return nil }
    return record { _ in false }
  }

  /// Hands over every entry that has one of `matches`, oldest first.
  ///
  /// - Parameters:
  ///   - matches: Which entries.
  ///   - since: Seconds since 1970.
  ///   - keep: Which fields are wanted, by name.
  ///   - body: Returns whether to go on.
  /// - Throws: ``SystemCallError`` when the journal cannot be read on.
  package mutating func read(
    _ matches: [Match], since: Double, keep: (String) -> Bool, body: (JournalRecord) -> Bool
  ) throws(SystemCallError) {
    sd_journal_flush_matches(handle)
    for match in matches {
      for (name, value) in match {
        let text = Array("\(name)=\(value)".utf8)
        try check(sd_journal_add_match(handle, text, text.count), "match")
      }
      try check(sd_journal_add_disjunction(handle), "match")
    }
    let start = UInt64(max(0, since) * 1e6)
    try check(sd_journal_seek_realtime_usec(handle, start), "seek")
    while true {
      let step = sd_journal_next(handle)
      try check(step, "read")
      if step == 0 { return }
      guard let record = record(keep) else {
        damaged += 1
        continue
      }
      // Seeking goes by the nearest entry of each file, which may be an earlier one.
      if record.wallSeconds >= since, !body(record) { return }
    }
  }

  /// The entry that it stands at; nil when it is damaged.
  private func record(_ keep: (String) -> Bool) -> JournalRecord? {
    var (wall, monotonic, boot): (UInt64, UInt64, sd_id128_t) = (0, 0, sd_id128_t())
    guard sd_journal_get_realtime_usec(handle, &wall) >= 0,
      sd_journal_get_monotonic_usec(handle, &monotonic, &boot) >= 0
    else { return nil }
    var digits = [CChar](repeating: 0, count: 33)
    sd_id128_to_string(boot, &digits)
    var record = JournalRecord(
      wallSeconds: Double(wall) / 1e6, bootID: Self.text(digits.prefix(32)), fields: [])
    sd_journal_restart_data(handle)
    while true {
      var data: UnsafeRawPointer?
      var length = 0
      let step = sd_journal_enumerate_available_data(handle, &data, &length)
      if step < 0 { return nil }
      guard step > 0, let data else { return record }
      let bytes = UnsafeRawBufferPointer(start: data, count: length)
      guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let name = String(decoding: bytes[..<equals], as: UTF8.self)
      guard keep(name) else { continue }
      record.fields.append((name, String(decoding: bytes[(equals + 1)...], as: UTF8.self)))
    }
  }

  private static func text(_ digits: ArraySlice<CChar>) -> String {
    String(decoding: digits.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private func check(_ code: Int32, _ call: String) throws(SystemCallError) {
    if code < 0 { throw SystemCallError(call, on: subject, errno: -code) }
  }
}
