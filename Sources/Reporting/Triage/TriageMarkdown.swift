// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A triage in Markdown, short enough for an incident channel: the verdict, one line a finding, and
/// the worst one with its commands.
package struct TriageMarkdown {
  private let report: TriageReport
  private let words: FindingWords
  private var text = ""

  package init(_ report: TriageReport) {
    self.report = report
    words = FindingWords(report, style: TextStyle(unicode: true))
  }

  /// The whole text, each line with its line feed.
  package func markdown() -> String {
    var copy = self
    copy.write()
    return copy.text
  }

  private mutating func write() {
    line("**\(report.headline(offsetSeconds: 0))**")
    if let words = report.leftOut.words { line("**\(words)**") }
    let table = FindingTable(report, style: TextStyle(unicode: true)).markdown()
    if !table.isEmpty {
      line("")
      for row in table { line(row) }
    }
    let firing = report.firing.rootsFirst.map(\.finding)
    for finding in firing.prefix(report.isWhole ? .max : 1) { write(finding) }
    if firing.isEmpty {
      line("")
      line("Among \(looked).")
    }
    if let accepted = AcceptedWords(words).line(report.accepted) {
      line("")
      line(code(accepted))
    }
    if report.isWhole { writeRest() }
    line("")
    line("\(source) closewatch\(report.version.map { " " + $0 } ?? "").")
  }

  private mutating func writeRest() {
    list(
      "Not confirmed yet",
      report.pending.map {
        words.line($0) + "; "
          + DoubtWords.missing($0.doubts, isWatched: report.isFromDaemon)
      })
    list(
      EndWords.heading(isFromDaemon: report.isFromDaemon),
      report.resolved.map { finding in
        words.line(finding)
          + (finding.end.map {
            "; " + EndWords.sentence(JournalEvent.End($0), in: finding.state)
          } ?? "")
      })
    list("Not seen", report.gaps.map { GapWords.sentence($0, unicode: true, isRoot: true) })
  }

  private var looked: String {
    let sockets = Quantity.count(report.census.sockets, "socket")
    let target = report.target.map { " of \(code($0.description))" } ?? ""
    return sockets + target
  }

  /// People in several time zones read a channel.
  private var clock: WallTime { report.clock(offsetSeconds: 0) }

  private var source: String {
    let words = SourceWords(
      source: report.source, watchedSeconds: report.watchedSeconds, clock: clock)
    return words.sentence + (report.isFromDaemon ? " Times are UTC." : "")
  }

  private mutating func write(_ finding: Finding) {
    let guide = report.guide(for: finding)
    line("")
    line(
      "**\(finding.severity.name.uppercased())** \(code(finding.rule.rawValue)): "
        + code(words.who(finding)))
    line("")
    line("- \(words.what(finding)): \(words.lowercasedFirst(guide.title))")
    if let place = words.place(finding) { line("- where: \(code(place))") }
    if let root = words.root(finding) { line("- root: \(code(root))") }
    if let id = finding.becauseOf { line("- because of: \(code(words.printable(id)))") }
    if let accepted = finding.accepted {
      line("- known: \(code(AcceptedWords(words).sentence(accepted)))")
    }
    writeCourse(finding)
    if !finding.peers.isEmpty { line("- peers: \(words.peers(finding))") }
    if let forecast = words.forecast(finding) { line("- **runs out: \(forecast)**") }
    let proof = finding.evidence.prefix(report.isWhole ? .max : 2)
      .map(EvidenceWords.sentence).joined(separator: "; ")
    if !proof.isEmpty { line("- proof: \(proof)") }
    if !finding.doubts.isEmpty {
      line("- caveats: \(finding.doubts.map(DoubtWords.sentence).joined(separator: "; "))")
    }
    writeSteps(report.isWhole ? guide.now[...] : guide.firstSteps.prefix(3))
  }

  private mutating func writeCourse(_ finding: Finding) {
    var since: [String] = []
    if let oldest = finding.oldest { since.append("the oldest is \(Quantity.age(oldest)) old") }
    if report.isFromDaemon, let begin = finding.firingSince {
      since.append("firing since \(clock.text(of: begin))")
    }
    if !since.isEmpty { line("- since: \(since.joined(separator: ", "))") }
    if let growth = finding.growth {
      let curve = TextStyle(unicode: true).sparkline(finding.history)
      let pace = report.isFromDaemon ? ChangeWords.pace(finding).map { "; " + $0 } : nil
      line("- growth: \(Quantity.rate(growth)) \(curve)\(pace ?? "")")
    }
    let changes = ChangeWords(clock: clock).lines(finding)
    if report.isFromDaemon, changes.count > 1 {
      line("- changed: \(changes.joined(separator: "; "))")
    }
  }

  /// The sentences as comments, so that the whole block can be copied.
  private mutating func writeSteps(_ steps: ArraySlice<String>) {
    guard !steps.isEmpty else { return }
    line("")
    line("```sh")
    for step in steps {
      for (index, part) in step.split(separator: "\n").enumerated() {
        line((index == 0 ? "# " : "") + part)
      }
    }
    line("```")
  }

  private mutating func list(_ title: String, _ items: [String]) {
    guard !items.isEmpty else { return }
    line("")
    line("\(title):")
    line("")
    for item in items.prefix(10) { line("- \(code(item))") }
    if items.count > 10 { line("- \(items.count - 10) more") }
  }

  private func code(_ words: String) -> String { UntrustedText.markdownCode(words) }

  private mutating func line(_ words: String) { text += words + "\n" }
}
