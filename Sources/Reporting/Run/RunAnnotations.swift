// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// The report of a run as workflow commands of GitHub Actions, which show beside the change.
package struct RunAnnotations {
  private let report: RunReport

  /// GitHub shows so many errors of one step.
  private static let shown = 10

  package init(_ report: RunReport) { self.report = report }

  package func text() -> String {
    let words = RunWords(style: TextStyle(unicode: true))
    var lines = RunReport.Group.all(of: report.counted).prefix(Self.shown).map { group in
      let place = SourcePlace(group.first)
      var file = place.isCode ? "file=\(escaped(place.file, isProperty: true))," : ""
      if let line = place.line { file += "line=\(line)," }
      let test = group.first.test.map { "; in test \($0)" } ?? ""
      let code = group.first.place.map { "; \(words.text($0))" } ?? ""
      let title = group.sockets.count == 1 ? "Socket left open" : "Sockets left open"
      return "::error \(file)title=\(title)::\(escaped(words.sentence(group) + test + code))\n"
    }
    if let reason = report.blindBecause {
      lines.append("::error title=closewatch could not see this run::\(escaped(reason))\n")
    }
    return lines.joined()
  }

  /// As the runner reads it back: `%`, and what ends a line or a property.
  private func escaped(_ text: String, isProperty: Bool = false) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": out += "%25"
      case ":" where isProperty: out += "%3A"
      case "," where isProperty: out += "%2C"
      default: out.unicodeScalars.append(UntrustedText.isUnsafe(scalar) ? "?" : scalar)
      }
    }
    return out
  }
}
