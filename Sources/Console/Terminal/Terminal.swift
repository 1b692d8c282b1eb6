// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Reporting

/// What the place where output goes can do.
package enum Terminal {
  /// A page is never wider than this: it is read on call, and pasted into tickets.
  package static let pageColumns = 79

  package static var hasOutput: Bool { isatty(1) == 1 }
  package static var hasError: Bool { isatty(2) == 1 }

  /// What kind it is, as the variable TERM says; nil when it is not set.
  package static var name: String? { variable("TERM") }

  /// Whether a person can be asked: questions go to standard output, answers come from standard
  /// input.
  package static var canAsk: Bool { isatty(0) == 1 && hasOutput }

  /// Asks, and waits for a line. Only `y` and `yes` are a yes.
  package static func agrees(_ question: String) throws(StandardOutput.Failure) -> Bool {
    try StandardOutput.write(question)
    guard let line = readLine() else {
      try StandardOutput.write("\n")
      return false
    }
    return ["y", "yes"].contains(line.lowercased())
  }

  /// The style for standard output. Long lines of prose are hard to read: only tables are as wide
  /// as the terminal.
  package static func style(_ colour: ColourChoice, usesFullWidth: Bool = false) -> TextStyle {
    let room = max(TextStyle.leastWidth, columns ?? pageColumns)
    return TextStyle(
      colour: isColoured(colour), unicode: speaksUTF8,
      width: usesFullWidth ? room : min(room, pageColumns), tableWidth: room)
  }

  /// https://no-color.org: any value that is not empty.
  private static func isColoured(_ choice: ColourChoice) -> Bool {
    switch choice {
    case .always: true
    case .never: false
    case .auto:
      hasOutput && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    }
  }

  /// locale(7): the first of these that is set decides.
  private static var speaksUTF8: Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = variable(name), !value.isEmpty else { continue }
      let upper = value.uppercased()
      return upper.contains("UTF-8") || upper.contains("UTF8")
    }
    return false
  }

  private static var columns: Int? { hasOutput ? columns(of: STDOUT_FILENO) : nil }

  /// Columns of the terminal that standard error is; nil when it is none.
  package static var errorColumns: Int? { columns(of: STDERR_FILENO) }

  private static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  package static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
