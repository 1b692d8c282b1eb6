// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A place in the code for what names none: the file that the name of the test begins with, else
/// what the process runs.
struct TestPlace {
  var file: String
  /// Whether it is of the test.
  var isOfTest: Bool

  init(_ socket: LeftSocket) {
    let word = socket.test.map { $0.prefix { $0 != ":" && $0 != " " } } ?? ""
    // A relative path: `tests/test_api.py::test_upload`, `api.test.js: closes`.
    isOfTest =
      word.contains(".") && !word.hasPrefix("/") && !word.hasPrefix(".") && !word.hasSuffix(".")
    file = isOfTest ? String(word) : socket.process.main ?? socket.process.command
    if file.isEmpty { file = "unknown" }
  }

  /// As a path within a URI.
  var uri: String { PercentCoding.encoded(file, besides: ["/"]) }
}
