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
    let firing = report.firing
    if let first = firing.first {
      FindingPage(report, first, style: style).write(to: &page)
      writeRest(firing.dropFirst())
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
    let sockets = Quantity.count(report.listing.sample.sockets.count, "socket")
    let who = Quantity.count(report.holderCount, "process", plural: "processes")
    let watched =
      report.watchedSeconds >= 0.5
      ? "watched for \(Quantity.duration(report.watchedSeconds))" : "one look"
    let target = report.target.map { " (only \($0))" } ?? ""
    return "\(sockets) of \(who)\(target), \(watched)"
  }

  private mutating func writeSilence() {
    // Sockets that wait to be closed, seen for a moment only: that is not the same as none.
    let isOpen = report.watchedSeconds < 10 && !SuspiciousGroup.groups(in: report).isEmpty
    if report.pending.isEmpty, !isOpen {
      page.paragraph("No leaks found among \(looked).", .good)
    } else {
      page.paragraph("Nothing is proved among \(looked).", .strong)
    }
    if report.watchedSeconds < 10 {
      page.paragraph(
        "Growth cannot be judged in so short a time: watch with --for 60s for a verdict.")
    }
  }

  private mutating func writeRest(_ rest: ArraySlice<Finding>) {
    guard !rest.isEmpty else { return }
    page.heading("Also firing")
    for finding in rest { page.item(words.line(finding)) }
  }

  private mutating func writePending() {
    guard !report.pending.isEmpty else { return }
    page.heading("Not proved yet")
    for finding in report.pending {
      page.item(words.line(finding) + "; " + DoubtWords.missing(finding.doubts))
    }
  }

  private mutating func writeResolved() {
    guard !report.resolved.isEmpty else { return }
    page.heading("Ended while watched")
    for finding in report.resolved { page.item(words.line(finding)) }
  }

  private mutating func writeSuspicious() {
    let groups = SuspiciousGroup.groups(in: report)
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
    page.heading("Sockets by state")
    let censuses = NamespaceCensus.all(in: report.listing.sample)
    if censuses.count != 1 {
      page.field("host", NamespaceCensus.words(NamespaceCensus.total(censuses)))
    }
    for census in censuses.prefix(12) {
      let heading = NamespaceWords.heading(census.namespace, unicode: style.unicode)
      page.item(heading + ": " + NamespaceCensus.words(census.counts))
    }
    if censuses.count > 12 { page.item("\(censuses.count - 12) more namespaces") }
  }

  private mutating func writeGaps() {
    guard !report.gaps.isEmpty else { return }
    page.heading("Not seen")
    for gap in report.gaps.prefix(10) {
      page.item(
        GapWords.sentence(gap, unicode: style.unicode, isRoot: report.listing.wasReadAsRoot))
    }
    if report.gaps.count > 10 { page.item("\(report.gaps.count - 10) more, in --json") }
  }
}
