// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One finding: who, what, since when, how fast, from whom, what runs out, the proof, what to
/// do, and what does not help. In full, or so short that it stands on the first screen.
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
    guard report.isWhole else { return writeShort(guide, to: &page) }
    writeTitle(guide, to: &page)
    page.block(guide.meaning)
    page.blank()
    writeCourse(to: &page)
    writeProof(to: &page)
    writeAdvice(guide, to: &page)
  }

  /// What decides at first sight: what saves the service is all there when time is short.
  private func writeShort(_ guide: GuideText, to page: inout TextPage) {
    writeTitle(guide, to: &page)
    if let root = words.root(finding) { page.field("root", root) }
    if let place = words.place(finding) { page.field("where", place) }
    var course = [since].filter { !$0.isEmpty }
    if let growth = finding.growth, growth.high > 0 {
      course.append(Quantity.rate(growth))
    } else if let standing = EndWords.standing(finding, clock: clock) {
      course.append(standing)
    }
    if let unseen = EndWords.unseen(finding, clock: clock) { course.append(unseen) }
    if let accepted = finding.accepted {
      page.field("known", AcceptedWords(words).sentence(accepted))
    }
    if !course.isEmpty { page.field("since", course.joined(separator: ", ")) }
    if let forecast = words.forecast(finding) { page.field("runs out", forecast) }
    // When time is short and it is known what they wait for, where they are is nothing to act on.
    if !finding.peers.isEmpty, finding.root == nil || !guide.isUrgent {
      page.field("peers", words.peers(finding))
    }
    let proof = finding.evidence.prefix(2).map(EvidenceWords.sentence)
    if !proof.isEmpty { page.field("proof", proof.joined(separator: "; ")) }
    for (index, step) in guide.firstSteps.prefix(stepsShown(guide)).enumerated() {
      page.step(index == 0 ? "do now" : "", step)
    }
    page.field("more", report.more(of: finding))
  }

  private func stepsShown(_ guide: GuideText) -> Int {
    guide.isUrgent ? max(Self.fewestSteps, guide.rescue.count) : Self.fewestSteps
  }

  private static let fewestSteps = 2

  private func writeAdvice(_ guide: GuideText, to page: inout TextPage) {
    for (index, step) in guide.now.enumerated() {
      page.step(index == 0 ? "do now" : "", step)
    }
    for (index, fix) in guide.fix.enumerated() {
      page.step(index == 0 ? "fix" : "", fix)
    }
    for (index, futile) in guide.doesNotHelp.enumerated() {
      page.field(index == 0 ? "not a fix" : "", "\(futile.what): \(Self.firstSentence(futile.why))")
    }
  }

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

  private func writeTitle(_ guide: GuideText, to page: inout TextPage) {
    let severity = finding.severity.name.uppercased()
    page.paragraph(
      "\(severity) \(finding.rule.rawValue): \(words.who(finding))", Emphasis(finding.severity))
    page.block("\(words.what(finding)): \(words.lowercasedFirst(guide.title)).")
  }

  private func writeCourse(to page: inout TextPage) {
    for role in [Culprit.Role.holder, .listener, .opener, .peer] {
      let those = finding.culprits.filter { $0.role == role }
      if !those.isEmpty { page.field(words.label(role), words.processes(those)) }
    }
    if let place = words.place(finding) { page.field("where", place) }
    if let root = words.root(finding) { page.field("root", root) }
    if let id = finding.becauseOf { page.field("because of", words.printable(id)) }
    if let accepted = finding.accepted {
      page.field("known", AcceptedWords(words).sentence(accepted))
    }
    if !since.isEmpty { page.field("since", since) }
    writeGrowth(to: &page)
    if !finding.peers.isEmpty { page.field("peers", words.peers(finding)) }
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
        // Below a minute the clock's time says all that a person can use.
        let span = seconds < 60 ? "" : " (\(Quantity.duration(seconds)))"
        parts.append("firing since \(clock.text(of: since))\(span)")
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
      page.field(index == 0 ? "examples" : "", words.example(example))
    }
    if !finding.doubts.isEmpty {
      page.field("caveats", finding.doubts.map(DoubtWords.sentence).joined(separator: "; "))
    }
  }
}
