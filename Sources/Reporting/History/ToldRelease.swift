// SPDX-License-Identifier: Apache-2.0

/// What `closewatch release` has done, as its entry in the journal tells it.
package struct ToldRelease: Hashable, Sendable {
  /// When the entry was written: seconds since 1970.
  package let at: Double
  package let pid: Int32
  /// Untrusted text.
  package let command: String
  package let unit: String?
  package let released: Int
  /// How many had gone, or changed, before they could be released.
  package let gone: Int
  package let failed: Int
  /// At least how long they had to have been in CLOSE_WAIT.
  package let olderThanSeconds: Double
  /// The local port, if only one was asked for.
  package let localPort: UInt16?
  /// Who ran it.
  package let uid: UInt32
  /// The user who had logged in; nil when nobody had.
  package let loginUID: UInt32?

  /// Reads an entry's fields; those that it does not know are passed over.
  ///
  /// - Throws: ``JournalFieldError`` for the first field that is missing or has no meaning.
  package init(fields: [JournalEntry.Field], at: Double) throws(JournalFieldError) {
    let text = FieldText(fields)
    self.at = at
    pid = try text.word("CLOSEWATCH_PID") { Int32($0) }
    command = text["CLOSEWATCH_COMMAND"] ?? ""
    unit = text["CLOSEWATCH_UNIT"]
    released = try text.word("CLOSEWATCH_RELEASED", FieldText.count)
    gone = try text.word("CLOSEWATCH_GONE", FieldText.count)
    failed = try text.word("CLOSEWATCH_FAILED", FieldText.count)
    olderThanSeconds = try text.word("CLOSEWATCH_OLDER_THAN_SECONDS", FieldText.number)
    localPort = try text.optional("CLOSEWATCH_LOCAL_PORT") { UInt16($0) }
    uid = try text.word("CLOSEWATCH_UID") { UInt32($0) }
    loginUID = try text.optional("CLOSEWATCH_LOGIN_UID") { UInt32($0) }
  }
}
