// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A triage as a page for a terminal: the verdict in the first line, one line a finding, then the
/// worst one, and in the end what could not be seen. Of a target, or when all is asked for, every
/// finding in full.
package struct TriageText {
  let report: TriageReport
  var page: TextPage

  package init(_ report: TriageReport, style: TextStyle) {
    self.report = report
    page = TextPage(style: style)
  }

  /// The whole page, each line with its line feed.
  package func text() -> String {
    var copy = self
    copy.write()
    return copy.page.text
  }

  var style: TextStyle { page.style }
  private var words: FindingWords { FindingWords(report, style: style) }

  private mutating func write() {
    page.paragraph(report.headline(offsetSeconds: report.utcOffsetSeconds), .strong)
    if let words = report.leftOut.words { page.paragraph(words, .strong) }
    page.blank()
    FindingTable(report, style: style).write(to: &page)
    let firing = report.firing.rootsFirst
    for (finding, _) in firing.prefix(report.isWhole ? .max : 1) {
      page.blank()
      FindingPage(report, finding, style: style).write(to: &page)
    }
    if firing.isEmpty {
      if !report.pending.isEmpty { page.blank() }
      writeSilence()
      page.paragraph(report.sourceWords.sentence, .faint)
    }
    writeBelow(firing)
    if report.isWhole || firing.isEmpty { writePending() }
    if let accepted = AcceptedWords(words).line(report.accepted) {
      page.blank()
      page.paragraph(accepted)
    }
    writeResolved()
    writeSuspicious()
    if report.isWhole { writeWholeEnd() } else { writeShortEnd() }
    guard !firing.isEmpty else { return }
    if report.isWhole { page.blank() }
    page.paragraph(report.sourceWords.sentence, .faint)
  }

  private var sockets: String {
    // The dead ones are in no table, and wait to be closed all the same.
    let dead = report.census.suspicious.filter { $0.kind == .dead }
      .reduce(report.census.pendingDead) { $0 + $1.sockets }
    let sockets = Quantity.count(report.census.sockets + dead, "socket")
    let who = Quantity.count(report.census.processes, "process", plural: "processes")
    let target = report.target.map { " (only \($0))" } ?? ""
    return "\(sockets) of \(who)\(target)"
  }

  /// `: 932 of 933 sockets of 4 processes wait to be closed`.
  private var waiting: String {
    let pending = report.census.pendingSockets + report.census.pendingDead
    let count = report.census.suspicious.reduce(pending) { $0 + $1.sockets }
    guard count > 0 else { return " on \(sockets)" }
    let verb = count == 1 ? "waits" : "wait"
    return ": \(Quantity.count(count)) of \(sockets) \(verb) to be closed"
  }

  private mutating func writeSilence() {
    if !report.isOpen {
      let besides = report.accepted.isEmpty ? "" : ", besides what is accepted"
      let doubt = report.isPartlyBlind ? ", but not everything was seen: see Not seen" : ""
      page.paragraph(
        "No leaks found among \(sockets)\(besides)\(doubt).", doubt.isEmpty ? .good : .strong)
    } else {
      page.paragraph("No verdict yet\(waiting).", .strong)
    }
  }

  /// What follows from the worst one: since when, which the table does not say.
  private mutating func writeBelow(_ firing: [(finding: Finding, depth: Int)]) {
    let below = firing.dropFirst().prefix { $0.depth > 0 }
    guard !report.isWhole, !below.isEmpty else { return }
    page.heading("Because of it")
    for (finding, _) in below.prefix(Self.mostListed) {
      page.item(words.line(finding) + fullSince(finding))
    }
  }

  /// So many findings of a kind are told in a line each.
  private static let mostListed = 20

  /// Since when a queue is full: what follows from it began then.
  private func fullSince(_ finding: Finding) -> String {
    for case .queueFull(_, let seconds, _) in finding.evidence {
      let since = report.census.takenAt.advanced(bySeconds: -seconds)
      return ", full since "
        + report.clock(offsetSeconds: report.utcOffsetSeconds).text(of: since)
    }
    return ""
  }

  private mutating func writePending() {
    guard !report.pending.isEmpty else { return }
    page.heading("Not confirmed yet")
    for finding in report.pending.prefix(Self.mostListed) {
      page.item(
        words.line(finding) + "; "
          + DoubtWords.missing(finding.doubts, isWatched: report.isFromDaemon)
          + seen(finding))
    }
    let more = report.pending.count - Self.mostListed
    if more > 0 { page.item("\(Quantity.count(more)) more, in --json") }
  }

  private mutating func writeResolved() {
    guard !report.resolved.isEmpty else { return }
    page.heading(EndWords.heading(isFromDaemon: report.isFromDaemon))
    for finding in report.resolved { page.item(words.line(finding) + ended(finding)) }
  }

  /// Since when the daemon has seen something that is not confirmed.
  private func seen(_ finding: Finding) -> String {
    guard report.isFromDaemon, let since = finding.firstSeen else { return "" }
    return "; seen since " + report.clock(offsetSeconds: report.utcOffsetSeconds).text(of: since)
  }

  /// From when to when the daemon has seen something that is over.
  private func ended(_ finding: Finding) -> String {
    let how = finding.end.map { "; " + EndWords.sentence(JournalEvent.End($0), in: finding.state) }
    guard report.isFromDaemon, let since = finding.firingSince,
      let end = finding.changes.last(where: { $0.kind == .ended })?.at
    else { return how ?? "" }
    let clock = report.clock(offsetSeconds: report.utcOffsetSeconds)
    return ", from \(clock.text(of: since)) to \(clock.text(of: end))" + (how ?? "")
  }

  private mutating func writeSuspicious() {
    let groups = report.census.suspicious
    guard !groups.isEmpty else { return }
    page.heading("Suspicious, not yet judged")
    for group in groups.prefix(8) { page.item(group.words(style)) }
    if groups.count > 8 {
      let rest = groups.dropFirst(8)
      let sockets = Quantity.count(rest.reduce(0) { $0 + $1.sockets }, "socket")
      page.item("\(rest.count) more groups with \(sockets): closewatch sockets --state CLOSE_WAIT")
    }
  }
}
