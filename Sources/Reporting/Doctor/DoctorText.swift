// SPDX-License-Identifier: Apache-2.0

/// The answer of `doctor`: for people, and for programs.
package struct DoctorText {
  private let report: DoctorReport

  package init(_ report: DoctorReport) { self.report = report }

  /// A page, each line with its line feed.
  package func text(style: TextStyle) -> String {
    var page = TextPage(style: style)
    page.paragraph(summary, report.state == .ok ? .good : .strong)
    page.blank()
    for check in report.checks {
      let word = check.state.rawValue
      page.field(word, "\(check.name): " + UntrustedText.printable(check.found, unicode: false))
      if let fix = check.fix, check.state != .ok { page.field("", "-> \(fix)") }
    }
    return page.text
  }

  /// One JSON object with its line feed.
  package func json() -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("schema_version", 1)
    json.member("state", report.state.rawValue)
    json.beginArray("checks")
    for check in report.checks {
      json.beginObject()
      json.member("name", check.name)
      json.member("state", check.state.rawValue)
      json.member("found", check.found)
      json.member("fix", check.state == .ok ? nil : check.fix)
      json.member("needed_for_verdicts", check.isNeeded)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    json.endLine()
    return json.bytes
  }

  private var summary: String {
    switch report.state {
    case .ok: "closewatch sees everything that it needs on this host."
    case .limited: "closewatch sees only part of this host: verdicts say what they lack."
    case .missing: "closewatch can see no sockets here."
    }
  }
}
