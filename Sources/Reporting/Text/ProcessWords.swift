// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A process in a few words that are fit for a line of output.
enum ProcessWords {
  /// `nginx[812]`, `python3 app.py[4711]`, `pid 814` when its name was not read.
  static func name(_ process: ProcessRecord, unicode: Bool) -> String {
    guard !process.command.isEmpty else { return "pid \(process.id.pid)" }
    let words = [process.command, process.mainName].compactMap { $0 }.joined(separator: " ")
    return UntrustedText.printable(words, unicode: unicode) + "[\(process.id.pid)]"
  }
}
