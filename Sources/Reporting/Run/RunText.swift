// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The report of a run for people, on standard error: nothing where there is nothing to say.
package struct RunText {
  private let report: RunReport
  private let style: TextStyle
  private let words: RunWords

  /// How many groups of sockets are shown.
  private static let shown = 20

  package init(_ report: RunReport, style: TextStyle) {
    self.report = report
    self.style = style
    words = RunWords(style: style)
  }

  /// - Parameter exitStatus: What the run ends with.
  package func text(exitStatus: Int32) -> String {
    var page = TextPage(style: style)
    writeLeft(to: &page)
    for note in notes { page.paragraph("closewatch: " + note) }
    if let reason = report.blindBecause {
      page.paragraph("closewatch: could not see this run: " + words.printable(reason))
    }
    if exitStatus != report.commandStatus {
      page.paragraph("closewatch: exit status \(exitStatus); the command's own was 0")
    }
    return page.text
  }

  private func writeLeft(to page: inout TextPage) {
    let counted = report.counted
    guard !counted.isEmpty else { return }
    let grace = Quantity.duration(report.order.graceSeconds)
    let isOfExit = counted.contains { $0.end == .exit }
    page.paragraph(
      "closewatch: \(Quantity.count(counted.count, "socket")) left open"
        + (isOfExit ? "" : " for longer than \(grace)"),
      .strong)
    let groups = RunReport.Group.all(of: counted)
    for group in groups.prefix(Self.shown) {
      page.item(words.sentence(group))
      if let test = group.first.test { page.inner("in test \(words.printable(test))") }
      if let place = group.first.place { page.inner(words.text(place)) }
    }
    if groups.count > Self.shown {
      let rest = groups.dropFirst(Self.shown).reduce(0) { $0 + $1.sockets.count }
      page.item("and \(Quantity.count(rest, "more socket"))")
    }
    for isDead in [false, true] where counted.contains(where: { $0.isDead == isDead }) {
      page.item(RunWords.meaning(isDead: isDead))
    }
  }

  /// What does not count, and what was not seen.
  private var notes: [String] {
    var notes: [String] = []
    let pool = report.left.count { $0.excuse == .pool }
    if pool > 0 {
      notes.append(
        "not counted: \(Quantity.count(pool, "socket")) that may be a client's pool; --strict"
          + " counts \(pool == 1 ? "it" : "them")")
    }
    let allowed = report.left.count { $0.excuse == .allowed }
    if allowed > 0 {
      notes.append("not counted: \(Quantity.count(allowed, "socket")) that --allow allows")
    }
    if !report.unseen.isEmpty {
      let names = report.unseen.prefix(3).map(words.name).joined(separator: ", ")
      let more = report.unseen.count > 3 ? " and \(report.unseen.count - 3) more" : ""
      notes.append("not seen: what \(names)\(more) has open, which this user may not read")
    }
    if report.lateLooks.count > 0 {
      notes.append(
        "\(Quantity.count(report.lateLooks.count, "look")) came late, up to"
          + " \(Quantity.duration(report.lateLooks.longestSeconds)) after the one before: anything"
          + " open for less than that may have been missed")
    }
    if let reason = report.traceFailure {
      notes.append(
        "the trace ended early (\(words.printable(reason))): of sockets found later, the place in"
          + " the code is not known")
    }
    if report.unfollowed > 0 {
      notes.append(
        "not traced: "
          + Quantity.count(report.unfollowed, "process", plural: "processes")
          + ", more than can be followed at a time")
    }
    if report.misunderstood > 0 {
      notes.append(
        "\(Quantity.count(report.misunderstood, "message")) on CLOSEWATCH_RUN not understood;"
          + " send 'test NAME' or 'end'")
    }
    return notes
      + report.gaps.map {
        "not seen: " + GapWords.sentence($0, unicode: style.unicode, isRoot: true)
      }
  }
}
