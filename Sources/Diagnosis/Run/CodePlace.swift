// SPDX-License-Identifier: Apache-2.0

/// Where in the code of its process a socket was when a trace last heard of it.
package struct CodePlace: Hashable, Sendable {
  /// What a person reads: the calls, or why they are not known.
  package var words: String
  /// What happened there, as files name it; nil where the place is not known.
  package var kind: String?
  /// The innermost call of the program's own code, as far as it is known.
  package var function: String?
  /// Its source file, as the program names it, or below the folder that the run began in.
  package var file: String?
  /// In that file, from 1.
  package var line: Int?

  /// A place that is known.
  package init(_ words: String, kind: String) {
    self.words = words
    self.kind = kind
  }

  package init(unknownBecause words: String) { self.words = words }
}
