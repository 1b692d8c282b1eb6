// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A triage as a page for a terminal: worst first, and in the end what could not be seen.
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

  private var style: TextStyle { page.style }
  private var words: FindingWords { FindingWords(report, style: style) }

  private mutating func write() {
    page.paragraph(report.sourceWords.sentence, .faint)
    if let words = report.leftOut.words { page.paragraph(words, .strong) }
    page.blank()
    let firing = report.firing.rootsFirst
    if let first = firing.first?.finding {
      FindingPage(report, first, style: style).write(to: &page)
      let below = firing.dropFirst().prefix { $0.depth > 0 }
      writeRest(below, "Because of it")
      writeRest(firing.dropFirst(1 + below.count), "Also firing")
    } else {
      writeSilence()
    }
    writePending()
    writeResolved()
    writeSuspicious()
    writeCensus()
    writeGaps()
  }

  private var looked: String {
    let sockets = Quantity.count(report.census.sockets, "socket")
    let who = Quantity.count(report.census.processes, "process", plural: "processes")
    let target = report.target.map { " (only \($0))" } ?? ""
    return "\(sockets) of \(who)\(target)\(report.watched)"
  }

  private mutating func writeSilence() {
    // Sockets that wait to be closed, seen for a moment only: that is not the same as none.
    let isOpen = report.isShort && !report.census.suspicious.isEmpty
    if report.pending.isEmpty, !isOpen {
      page.paragraph("No leaks found among \(looked).", .good)
    } else {
      page.paragraph("Nothing is proved among \(looked).", .strong)
    }
  }

  private mutating func writeRest(
    _ rest: ArraySlice<(finding: Finding, depth: Int)>, _ heading: String
  ) {
    guard !rest.isEmpty else { return }
    page.heading(heading)
    for (finding, depth) in rest.prefix(Self.mostListed) {
      let isNamed = depth == 0 || heading == "Because of it"
      page.item((isNamed ? "" : "because of it: ") + words.line(finding) + fullSince(finding))
    }
    let more = rest.dropFirst(Self.mostListed)
    guard let worst = more.map(\.finding.severity).max() else { return }
    page.item("\(Quantity.count(more.count)) more, the worst of severity \(worst.name), in --json")
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
    page.heading("Not proved yet")
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
    page.heading(
      report.isFromDaemon ? "Ended in the last hour" : "Fired while watched, and no longer")
    for finding in report.resolved { page.item(words.line(finding) + ended(finding)) }
  }

  /// Since when the daemon has seen something that is not proved.
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
    page.heading("Waiting to be closed, without a verdict")
    for group in groups.prefix(8) { page.item(group.words(style)) }
    if groups.count > 8 {
      let rest = groups.dropFirst(8)
      let sockets = Quantity.count(rest.reduce(0) { $0 + $1.sockets }, "socket")
      page.item("\(rest.count) more groups with \(sockets): closewatch sockets --state CLOSE_WAIT")
    }
  }

  private mutating func writeCensus() {
    page.heading("Sockets by state" + establishedAge)
    let all = report.census.namespaces
    let accounts = all.filter { !$0.states.isEmpty }
    if accounts.count != 1 { page.field("host", StateWords.words(report.census.sums)) }
    for account in accounts.prefix(12) {
      let heading = NamespaceWords.heading(account.sample, unicode: style.unicode)
      page.item(heading + ": " + StateWords.words(account.states))
    }
    if accounts.count > 12 { page.item("\(accounts.count - 12) more namespaces") }
    let empty = all.count - accounts.count
    // Of a target it says nothing that there are namespaces without it.
    if empty > 0, report.target == nil {
      page.item(Quantity.count(empty, "namespace") + " without a socket")
    }
  }

  /// The daemon reads ESTABLISHED sockets less often than the others.
  private var establishedAge: String {
    guard case .daemon(let watch) = report.source, let at = watch.establishedAt else { return "" }
    return " (ESTABLISHED \(Quantity.duration(watch.askedAt.seconds(since: at))) ago)"
  }

  private mutating func writeGaps() {
    guard !report.gaps.isEmpty else { return }
    page.heading("Not seen")
    for gap in report.gaps.prefix(10) {
      page.item(
        GapWords.sentence(gap, unicode: style.unicode, isRoot: report.census.wasReadAsRoot))
    }
    if report.gaps.count > 10 { page.item("\(report.gaps.count - 10) more, in --json") }
  }
}
