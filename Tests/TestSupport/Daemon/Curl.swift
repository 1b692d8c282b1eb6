// SPDX-License-Identifier: Apache-2.0

/// curl, as a person would use it.
package enum Curl {
  /// Runs it, and gives its standard output; nil when it fails.
  package static func run(_ arguments: String...) throws -> String? {
    let program = try ChildProgram("curl", ["-sS", "--max-time", "20"] + arguments)
    var lines: [String] = []
    while let line = try program.readLine(within: 30) { lines.append(line) }
    return program.end() == 0 ? lines.joined(separator: "\n") : nil
  }

  /// The status of an answer.
  package static func status(_ arguments: String...) throws -> String? {
    let program = try ChildProgram(
      "curl", ["-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}\\n"] + arguments)
    let line = try program.readLine(within: 30)
    _ = program.end()
    return line
  }
}
