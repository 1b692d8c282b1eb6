// SPDX-License-Identifier: Apache-2.0

/// Why bytes of the kernel could not be understood. Carries the offending text.
package enum DecodeError: Error, Hashable, Sendable {
  /// The text or message ends before `needed`.
  case truncated(what: String, needed: Int, got: Int)
  /// A column or field that is not what it should be, for example column `inode`, text `zz`.
  case badField(table: String, field: String, text: String)
  /// A line or column that must be there is not.
  case missing(table: String, field: String)
}

extension DecodeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let what, let needed, let got):
      "\(what): \(got) bytes where at least \(needed) are needed"
    case .badField(let table, let field, let text):
      "\(table): \(field) is not readable: '\(text)'"
    case .missing(let table, let field):
      "\(table): \(field) is missing"
    }
  }
}
