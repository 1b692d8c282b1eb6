// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// The report of a run as the XML that CI systems read as that of JUnit: a case for each test that
/// was named, which fails when it has left a socket.
package struct RunJUnit {
  private let report: RunReport
  private let words = RunWords(style: TextStyle(unicode: true))
  private var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

  /// Sockets that appeared before the first test, or in a run whose runner names none.
  private static let outside = "outside of any named test"

  package init(_ report: RunReport) { self.report = report }

  package func bytes() -> [UInt8] {
    var copy = self
    copy.write()
    return Array(copy.text.utf8)
  }

  private mutating func write() {
    let left = Dictionary(grouping: report.counted) { $0.test }
    var names: [String?] = left[nil] != nil || report.tests.isEmpty ? [nil] : []
    var seen: Set<String> = []
    // A test that was run again is one.
    names += report.tests.filter { seen.insert($0).inserted }
    let counts =
      "tests=\"\(names.count)\" failures=\"\(left.count)\""
      + " errors=\"\(report.blindBecause == nil ? 0 : 1)\""
    let seconds = Quantity.fixed(report.seconds, decimals: 3)
    text += "<testsuites name=\"closewatch\" \(counts) time=\"\(seconds)\">\n"
    text += "  <testsuite name=\"closewatch run\" \(counts) skipped=\"0\" time=\"\(seconds)\">\n"
    for name in names { writeCase(name, left[name] ?? []) }
    text += "  </testsuite>\n</testsuites>\n"
  }

  private mutating func writeCase(_ name: String?, _ sockets: [LeftSocket]) {
    text +=
      "    <testcase classname=\"closewatch\" name=\"\(escaped(name ?? Self.outside))\""
      + " time=\"0\""
    let reason = name == nil || report.tests.first == name ? report.blindBecause : nil
    guard !sockets.isEmpty || reason != nil else {
      text += "/>\n"
      return
    }
    text += ">\n"
    if let reason {
      text += "      <error type=\"unseen\" message=\"\(escaped(reason))\"/>\n"
    }
    if !sockets.isEmpty {
      let sentences = RunReport.Group.all(of: sockets).flatMap { group in
        [words.sentence(group)] + (group.first.place.map { ["  " + words.text($0)] } ?? [])
      }
      let count = Quantity.count(sockets.count, "socket")
      let kind = sockets[0].kind
      text += "      <failure type=\"\(kind)\" message=\"\(count) left open\">"
      text += escaped(sentences.joined(separator: "\n")) + "</failure>\n"
    }
    text += "    </testcase>\n"
  }

  /// XML 1.0 has no way to write most control characters.
  private func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\n": out += "&#10;"
      default:
        let isUnsafe = UntrustedText.isUnsafe(scalar) || (scalar.value & 0xfffe) == 0xfffe
        out.unicodeScalars.append(isUnsafe ? "?" : scalar)
      }
    }
    return out
  }
}
