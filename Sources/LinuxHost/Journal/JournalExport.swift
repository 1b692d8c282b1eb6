// SPDX-License-Identifier: Apache-2.0

/// Takes the entries out of the stream that `journalctl -o export` writes, piece by piece:
/// https://systemd.io/JOURNAL_EXPORT_FORMATS/.
struct JournalExport {
  /// No field of an entry of closewatch is longer; a longer one is cut.
  private static let longestValue = 65_536
  /// A piece of the stream that says to be longer is none of journalctl.
  private static let longestField = 64 << 20

  /// Entries without a time or a boot: not the journal's.
  private(set) var damaged = 0
  private let keep: (String) -> Bool
  /// What has come and is not used yet, from ``start`` on.
  private var bytes: [UInt8] = []
  private var start = 0
  private var wallSeconds: Double?
  private var bootID: String?
  private var fields: [(name: String, value: String)] = []
  private var isEmpty = true
  /// Whether a field says to be longer than any is: what follows cannot be told apart.
  private var isBroken = false

  /// - Parameter keep: Which fields are wanted, by name.
  init(keep: @escaping (String) -> Bool) { self.keep = keep }

  /// Takes the next piece of the stream.
  ///
  /// - Parameter body: Gets each entry that is whole now, and returns whether to go on.
  /// - Returns: Whether to go on.
  mutating func take(_ piece: ArraySlice<UInt8>, _ body: (JournalRecord) -> Bool) -> Bool {
    bytes += piece
    while let field = nextField() {
      if let (name, value) = field {
        note(name, value)
      } else if let record = endOfEntry(), !body(record) {
        return false
      }
    }
    bytes.removeSubrange(..<start)
    start = 0
    return !isBroken && bytes.count <= Self.longestField
  }

  /// The last entry, which may have no empty line after it.
  mutating func finish() -> JournalRecord? { endOfEntry() }

  /// `.some(nil)` is the empty line after an entry, nil that more has to come.
  private mutating func nextField() -> (name: String, value: ArraySlice<UInt8>)?? {
    guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = bytes[start..<end]
    if line.isEmpty {
      start = end + 1
      return .some(nil)
    }
    if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
      start = end + 1
      return (String(decoding: line[..<equals], as: UTF8.self), line[(equals + 1)...])
    }
    // A value with line feeds in it, or with anything that is no text: its length comes first.
    guard bytes.count >= end + 9 else { return nil }
    let length = bytes[(end + 1)..<(end + 9)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.longestField) else {
      isBroken = true
      return nil
    }
    let value = (end + 9)..<(end + 9 + Int(length))
    guard bytes.count > value.upperBound else { return nil }
    start = value.upperBound + 1
    return (String(decoding: line, as: UTF8.self), bytes[value])
  }

  private mutating func note(_ name: String, _ value: ArraySlice<UInt8>) {
    isEmpty = false
    switch name {
    case "__REALTIME_TIMESTAMP":
      wallSeconds = UInt64(String(decoding: value, as: UTF8.self)).map { Double($0) / 1e6 }
    case "_BOOT_ID": bootID = String(decoding: value, as: UTF8.self)
    default: break
    }
    guard keep(name) else { return }
    fields.append((name, String(decoding: value.prefix(Self.longestValue), as: UTF8.self)))
  }

  private mutating func endOfEntry() -> JournalRecord? {
    defer { (wallSeconds, bootID, fields, isEmpty) = (nil, nil, [], true) }
    if isEmpty { return nil }
    guard let wallSeconds, let bootID else {
      damaged += 1
      return nil
    }
    return JournalRecord(wallSeconds: wallSeconds, bootID: bootID, fields: fields)
  }
}
