// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// One line a finding, the worst first and what follows from it below: how bad, who, what, how
/// fast, and what runs out when. Where there is no room, the last two are left out.
struct FindingTable {
  /// More than these are a number at the end, so that the worst finding is on the first screen too.
  static let mostRows = 10
  private static let fewestColumnsOfWho = 12
  private static let gap = 2

  private struct Row {
    var severity: String
    var emphasis: Emphasis
    var who: WhoWords
    var what: String
    var growth: String
    var end: String
  }

  private let rows: [Row]
  private let leftOut: [Finding]
  private let style: TextStyle

  init(_ report: TriageReport, style: TextStyle) {
    self.style = style
    let words = FindingWords(report, style: style)
    let all = report.firing.rootsFirst + report.pending.map { (finding: $0, depth: 0) }
    let shown = all.prefix(Self.mostRows)
    let placed = shown.map { Self.row($0.finding, depth: $0.depth, words, withPlace: true) }
    // Where there is no room for it, what runs out is more important.
    rows =
      style.isNarrow || Self.isWithin(style.tableWidth, placed)
      ? placed : shown.map { Self.row($0.finding, depth: $0.depth, words, withPlace: false) }
    leftOut = all.dropFirst(Self.mostRows).map(\.finding)
  }

  private static func isWithin(_ width: Int, _ rows: [Row]) -> Bool {
    rows.allSatisfy { row in
      let cells = [row.severity, row.who.whole, row.what, row.growth, row.end]
      let columns = cells.map(UntrustedText.columns).filter { $0 > 0 }
      return columns.reduce((columns.count - 1) * gap, +) <= width
    }
  }

  private static func row(
    _ finding: Finding, depth: Int, _ words: FindingWords, withPlace: Bool
  ) -> Row {
    let isPending = finding.lifecycle == .pending
    let growth =
      finding.notGrowingSince != nil
      ? "steady" : finding.growth.map { $0.perSecond > 0 ? Quantity.rate($0.perSecond) : "" } ?? ""
    return Row(
      severity: isPending
        ? "pending" : depth > 0 ? "follows" : finding.severity.name.uppercased(),
      emphasis: isPending || depth > 0 ? .faint : Emphasis(finding.severity),
      who: words.parts(finding),
      what: words.short(finding) + (withPlace ? words.shortPlace(finding) : ""), growth: growth,
      end: words.shortTime(finding))
  }

  func write(to page: inout TextPage) {
    guard !rows.isEmpty else { return }
    if style.isNarrow {
      for row in rows { write(narrow: row, to: &page) }
    } else {
      let heading = Row(
        severity: "SEVERITY", emphasis: .faint, who: WhoWords("WHO"), what: "WHAT",
        growth: "GROWTH", end: "RUNS OUT")
      let widths = widths(of: [heading] + rows)
      for row in [heading] + rows { page.verbatim(line(row, widths)) }
    }
    guard !leftOut.isEmpty else { return }
    let worst = leftOut.filter { $0.lifecycle == .firing }.max { $0.severity < $1.severity }
    page.paragraph(
      "\(Quantity.count(leftOut.count)) more, the worst \(worst?.severity.name ?? "pending"):"
        + " -v shows all", .strong)
  }

  /// Two lines, where side by side there would be room for half of it.
  private func write(narrow row: Row, to page: inout TextPage) {
    let room = style.width - UntrustedText.columns(row.severity) - 1
    page.verbatim(
      style.mark(row.severity, row.emphasis) + " "
        + row.who.within(room, unicode: style.unicode))
    page.item([row.what, row.growth, row.end].filter { !$0.isEmpty }.joined(separator: ", "))
  }

  /// The same for a channel that renders Markdown.
  func markdown() -> [String] {
    guard !rows.isEmpty else { return [] }
    var lines = ["| | who | what | growth | runs out |", "|---|---|---|---:|---|"]
    for row in rows {
      let cells = [
        row.severity, UntrustedText.markdownCode(row.who.whole), row.what, row.growth, row.end,
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    if !leftOut.isEmpty { lines.append("| | \(Quantity.count(leftOut.count)) more | | | |") }
    return lines
  }

  private struct Widths {
    var severity = 0
    var who = 0
    var what = 0
    /// 0: there is no room for it, or nothing to say.
    var growth = 0
    var end = 0
  }

  private func widths(of rows: [Row]) -> Widths {
    func widest(_ cell: (Row) -> String) -> Int {
      rows.map { UntrustedText.columns(cell($0)) }.max() ?? 0
    }
    var widths = Widths()
    widths.severity = widest(\.severity)
    widths.what = widest(\.what)
    let room = style.tableWidth - widths.severity - widths.what - 2 * Self.gap
    let end = isSaid(\.end) ? widest(\.end) + Self.gap : 0
    let growth = isSaid(\.growth) ? widest(\.growth) + Self.gap : 0
    if room - end >= Self.fewestColumnsOfWho { widths.end = end }
    if room - end - growth >= Self.fewestColumnsOfWho { widths.growth = growth }
    widths.who = min(
      widest(\.who.whole), max(Self.fewestColumnsOfWho, room - widths.end - widths.growth))
    return widths
  }

  /// Whether a finding has anything in the column: an empty one takes no room from the others.
  private func isSaid(_ cell: (Row) -> String) -> Bool { rows.contains { !cell($0).isEmpty } }

  private func line(_ row: Row, _ widths: Widths) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - UntrustedText.columns(text)))
    }
    let gap = String(repeating: " ", count: Self.gap)
    let severity = padded(row.severity, widths.severity)
    var line = style.mark(severity, row.emphasis)
    let who = row.who.within(widths.who, unicode: style.unicode)
    line += gap + padded(who, widths.who) + gap + padded(row.what, widths.what)
    if widths.growth > 0 {
      let pad = String(
        repeating: " ", count: max(0, widths.growth - UntrustedText.columns(row.growth)))
      line += pad + row.growth
    }
    if widths.end > 0, !row.end.isEmpty { line += gap + row.end }
    while line.last == " " { line.removeLast() }
    return line
  }
}
