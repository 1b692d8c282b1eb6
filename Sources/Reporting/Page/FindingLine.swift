// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One finding on the first screen: who, what, its curve, how fast, what runs out when. The line
/// unfolds into its card, without a script.
struct FindingLine {
  private let finding: Finding
  private let card: FindingCard
  private let folds: StatusFolds
  /// Whether it is a consequence of the one above: what to mend is there.
  private let follows: Bool
  private let words = FindingWords(nil, style: TextStyle(unicode: true))

  init(_ finding: Finding, card: FindingCard, folds: StatusFolds, follows: Bool) {
    self.finding = finding
    self.follows = follows
    self.card = card
    self.folds = folds
  }

  private var grade: String {
    finding.lifecycle == .firing ? finding.severity.name : finding.lifecycle.rawValue
  }

  func write(to page: inout HTMLWriter) {
    let name = "finding " + grade + (follows ? " follows" : "")
    folds.write(FindingCard.id(of: finding), class: name, to: &page) { page in
      Icon.write(grade, to: &page)
      page.inline("span", .class("unseen"), text: grade)
      writeWho(to: &page)
      writeCurve(to: &page)
      page.open("span", [.class("end")])
      page.text(end)
      page.close("span")
    } body: { page in
      card.write(to: &page)
    }
  }

  private func writeWho(to page: inout HTMLWriter) {
    let id = FindingCard.id(of: finding)
    page.open("div", [.class("who")])
    page.open("h3", [.id(StatusFolds.lineID(id))])
    // It covers the whole line.
    page.inline("a", .href(folds.toggling(id)), text: PublicOwner.name(finding.owner))
    page.close("h3")
    page.raw(" ")
    page.inline("span", text: (follows ? "follows: " : "") + words.what(finding))
    page.raw(" ")
    page.inline("span", .class("quiet rule"), text: finding.rule.rawValue)
    page.close("div")
  }

  private func writeCurve(to page: inout HTMLWriter) {
    page.open("span", [.class("spark"), HTMLAttribute("aria-hidden", "true")])
    if let first = finding.history.first, let last = finding.history.last,
      finding.history.count >= 3
    {
      let curve = Curve(
        points: finding.history.map {
          Curve.Point(
            seconds: min(0, -last.at.seconds(since: $0.at)), value: Double($0.sockets))
        },
        pastSeconds: max(last.at.seconds(since: first.at), 1),
        top: Double(max(finding.history.map(\.sockets).max() ?? 1, 1)), joinSeconds: .infinity)
      let size = "0 0 \(Curve.short(Curve.width)) \(Curve.short(Curve.height))"
      page.open(
        "svg",
        [HTMLAttribute("viewBox", size), HTMLAttribute("preserveAspectRatio", "none")])
      SVGPlot.path(curve.area, .area, to: &page)
      SVGPlot.path(curve.line, .line, to: &page)
      page.close("svg")
    }
    page.close("span")
  }

  /// `12.4/min, out of descriptors in 41-54 min`.
  private var end: String {
    let growth =
      finding.notGrowingSince == nil
      ? finding.growth.flatMap { $0.perSecond > 0 ? Quantity.rate($0.perSecond) : nil } : "steady"
    return [growth, words.outOf(finding)].compactMap { $0 }.joined(separator: ", ")
  }
}
