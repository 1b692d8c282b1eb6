// SPDX-License-Identifier: Apache-2.0

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
