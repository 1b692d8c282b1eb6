// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One finding in full: who, what, since when, how fast, towards whom, what runs out, the proof,
/// what to do, and what does not help.
struct FindingPage {
  private let report: TriageReport
  private let finding: Finding
  private let style: TextStyle
  private let words: FindingWords

  init(_ report: TriageReport, _ finding: Finding, style: TextStyle) {
    self.report = report
    self.finding = finding
    self.style = style
    words = FindingWords(report, style: style)
  }

  func write(to page: inout TextPage) {
    let guide = report.guide(for: finding)
    writeHead(guide, to: &page)
    writeCourse(to: &page)
    writeProof(to: &page)
    writeAdvice(guide, to: &page)
  }

  /// The first steps only, unless the page is about this target: it must fit a screen.
  private func writeAdvice(_ guide: GuideText, to page: inout TextPage) {
    let isWhole = report.target != nil
    let steps = isWhole ? guide.now[...] : guide.firstSteps
    let fixes = guide.fix.prefix(isWhole ? .max : Self.fixesShown)
    let futile = guide.doesNotHelp.prefix(isWhole ? .max : Self.futileShown)
    for (index, step) in steps.enumerated() {
      page.step(index == 0 ? "do now" : "", step)
    }
    for (index, fix) in fixes.enumerated() {
      page.step(index == 0 ? "for good" : "", fix)
    }
    for (index, futile) in futile.enumerated() {
      page.field(index == 0 ? "no help" : "", "\(futile.what): \(Self.firstSentence(futile.why))")
    }
    let rest =
      guide.now.count > steps.count || guide.fix.count > fixes.count
      || guide.doesNotHelp.count > futile.count
    if rest { page.step("more", "all of it:\n" + report.moreCommand(finding)) }
  }

  private static let fixesShown = 2
  private static let futileShown = 3

  private static func firstSentence(_ text: String) -> String {
    var end = text.endIndex
    var previous: Character = " "
    for (index, character) in zip(text.indices, text) {
      if previous == ".", character == " " {
        end = index
        break
      }
      previous = character
    }
    return String(text[..<end])
  }

  private func writeHead(_ guide: GuideText, to page: inout TextPage) {
    let emphasis: TextStyle.Emphasis =
      switch finding.severity {
      case .critical: .bad
      case .warning: .warn
      case .notice: .strong
      }
    let severity = finding.severity.name.uppercased()
    page.paragraph("\(severity) \(finding.rule.rawValue): \(words.who(finding))", emphasis)
    page.block("\(words.what(finding)): \(words.lowercasedFirst(guide.title)).")
    page.block(guide.meaning)
    page.blank()
  }

  private func writeCourse(to page: inout TextPage) {
    for role in [Culprit.Role.holder, .listener, .opener, .peer] {
      let those = finding.culprits.filter { $0.role == role }
      if !those.isEmpty { page.field(words.label(role), words.processes(those)) }
    }
    if let place = words.place(finding) { page.field("where", place) }
    if let root = words.root(finding) { page.field("root", root) }
    if let id = finding.becauseOf { page.field("because of", words.printable(id)) }
    if !since.isEmpty { page.field("since", since) }
    writeGrowth(to: &page)
    if !finding.peers.isEmpty { page.field("towards", words.peers(finding)) }
    if let forecast = words.forecast(finding) { page.field("runs out", forecast) }
  }

  private func writeGrowth(to page: inout TextPage) {
    let curve = style.sparkline(finding.history)
    let pace = report.isFromDaemon ? ChangeWords.pace(finding) : nil
    if let growth = finding.growth, growth.high > 0 {
      page.field("growth", Quantity.rate(growth) + (curve.isEmpty ? "" : "  " + curve))
      if let pace { page.field("", pace) }
    } else if let standing = EndWords.standing(finding, clock: clock) {
      page.field("growth", standing + (report.isFromDaemon && !curve.isEmpty ? "  " + curve : ""))
    } else if report.isFromDaemon, !curve.isEmpty {
      page.field("curve", curve + (pace.map { "  " + $0 } ?? ""))
    }
    if let unseen = EndWords.unseen(finding, clock: clock) { page.field("not seen", unseen) }
    guard report.isFromDaemon else { return }
    // One line that says when it began is said by "since" already.
    let changes = ChangeWords(clock: clock).lines(finding)
    guard changes.count > 1 else { return }
    for (index, line) in changes.enumerated() { page.field(index == 0 ? "changed" : "", line) }
  }

  private var clock: WallTime { report.clock(offsetSeconds: report.utcOffsetSeconds) }

  private var since: String {
    var parts: [String] = []
    if let oldest = finding.oldest { parts.append("the oldest is \(Quantity.age(oldest)) old") }
    if let since = finding.firingSince {
      let seconds = report.census.takenAt.seconds(since: since)
      if report.isFromDaemon {
        parts.append("firing since \(clock.text(of: since)) (\(Quantity.duration(seconds)))")
      } else if seconds >= 1 {
        parts.append("seen firing for \(Quantity.duration(seconds))")
      }
    }
    return parts.joined(separator: ", ")
  }

  private func writeProof(to page: inout TextPage) {
    for (index, evidence) in finding.evidence.enumerated() {
      page.field(index == 0 ? "proof" : "", EvidenceWords.sentence(evidence))
    }
    for (index, example) in finding.examples.prefix(3).enumerated() {
      page.field(index == 0 ? "such as" : "", words.example(example))
    }
    if !finding.doubts.isEmpty {
      page.field("but", finding.doubts.map(DoubtWords.sentence).joined(separator: "; "))
    }
  }
}
