// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A place in the code for what leads there: where a trace saw it, else the file that the name of
/// the test begins with, else what the process runs.
struct SourcePlace {
  var file: String
  /// nil where only the file is known.
  var line: Int?
  /// Whether it is the file of the code or of the test, and not only of what runs.
  var isCode: Bool

  init(_ socket: LeftSocket) {
    if let place = socket.place, let file = place.file, let line = place.line {
      (self.file, self.line, isCode) = (file, line, true)
      return
    }
    let word = socket.test.map { $0.prefix { $0 != ":" && $0 != " " } } ?? ""
    // A relative path: `tests/test_api.py::test_upload`, `api.test.js: closes`.
    isCode =
      word.contains(".") && !word.hasPrefix("/") && !word.hasPrefix(".") && !word.hasSuffix(".")
    file = isCode ? String(word) : socket.process.main ?? socket.process.command
    if file.isEmpty { file = "unknown" }
  }

  /// As a URI, or a path within one.
  var uri: String {
    (file.hasPrefix("/") ? "file://" : "") + PercentCoding.encoded(file, besides: ["/"])
  }
}
