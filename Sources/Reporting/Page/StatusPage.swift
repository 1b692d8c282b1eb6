// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The page at `/`: how bad it is, each finding with its curve and what to do, what the host has,
/// and how well closewatch sees it. HTML without a script and without anything from elsewhere.
///
/// Whoever can connect can read it: no command line, no address, no process and no single socket
/// is on it.
package struct StatusPage {
  /// The most findings with a card, those resolved, and guides in full.
  private static let cardsShown = 30
  private static let resolvedShown = 20
  private static let guidesShown = 12
  private let input: StatusInput
  private let verdict: StatusVerdict

  package init(_ input: StatusInput) {
    var input = input
    input.folds.usual = Self.usualFolds(input)
    self.input = input
    verdict = StatusVerdict(input)
  }

  private static let hostFold = "host"

  /// One finding alone is unfolded, with what to do. Where there is none, the host is what the page
  /// is for.
  private static func usualFolds(_ input: StatusInput) -> Set<String> {
    let active = input.firing + input.pending
    guard let first = active.first else { return [hostFold] }
    guard active.count == 1 else { return [] }
    let id = FindingCard.id(of: first)
    return first.lifecycle == .firing ? [id, FindingCard.adviceID(of: first)] : [id]
  }

  /// What a browser may do with the page: show it, with the one style sheet that is in it.
  package static let contentSecurityPolicy =
    "default-src 'none'; style-src 'sha256-\(StatusStyle.hash)'; img-src data:; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'"

  /// The page as HTML.
  package func bytes() -> [UInt8] {
    var page = HTMLWriter()
    page.raw("<!DOCTYPE html>\n")
    page.element("html", HTMLAttribute("lang", "en")) { page in
      page.element("head") { page in
        Self.writeHead(title: verdict.title, mood: verdict.mood, to: &page)
      }
      page.element("body") { page in
        page.raw(Icon.symbols)
        verdict.write(to: &page)
        page.element("main") { page in writeMain(to: &page) }
        page.element("footer") { page in writeLinks(to: &page) }
      }
    }
    return page.bytes
  }

  static func writeHead(title: String, mood: StatusVerdict.Mood, to page: inout HTMLWriter) {
    page.raw("<meta charset=\"utf-8\">\n")
    page.element("title", text: title)
    page.raw(
      """
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="robots" content="noindex">

      """)
    page.open(
      "link", [HTMLAttribute("rel", "icon"), .href(StatusStyle.favicon(mood))])
    page.raw("\n<style>")
    page.raw(StatusStyle.sheet)
    page.raw("</style>\n")
  }

  private func writeMain(to page: inout HTMLWriter) {
    guard input.snapshot.newestSample != nil else { return }
    writeCards(to: &page)
    if let accepted = AcceptedWords(FindingWords(nil, style: TextStyle(unicode: true)))
      .line(input.accepted)
    {
      page.element("p", .class("quiet"), text: accepted)
    }
    writeResolved(to: &page)
    SightSection(input).write(to: &page)
    let folds = input.folds
    folds.write(Self.hostFold, class: "host", to: &page) { page in
      page.open(
        "a", [.id(StatusFolds.lineID(Self.hostFold)), .href(folds.toggling(Self.hostFold))])
      page.text("All sockets of this host")
      page.close("a")
    } body: { page in
      TimelineSection(input).write(to: &page)
      HostSections(input.snapshot.picture).write(to: &page)
    }
  }

  // MARK: Findings

  private func writeCards(to page: inout HTMLWriter) {
    let firstToLast = input.firing.rootsFirst + input.pending.map { (finding: $0, depth: 0) }
    let shown = firstToLast.prefix(Self.cardsShown)
    let active = shown.map(\.finding)
    // What the guide says depends on more than rule and cause: its root, its place, its numbers.
    var told: [GuideText: Finding] = [:]
    var advice: [FindingCard.Advice] = []
    for finding in active {
      let key = FindingCard.guide(of: finding, in: input)
      if let other = told[key] {
        advice.append(.same(other))
      } else if told.count < Self.guidesShown {
        advice.append(.full)
        told[key] = finding
      } else {
        advice.append(.elsewhere)
      }
    }
    let lines = zip(shown, advice).map { shown, advice in
      FindingLine(
        shown.finding, card: FindingCard(shown.finding, in: input, advice: advice),
        folds: input.folds, follows: shown.depth > 0)
    }
    let firing = active.count { $0.lifecycle == .firing }
    write(Array(lines[..<firing]), id: "h-firing", title: "Firing", to: &page)
    write(Array(lines[firing...]), id: "h-pending", title: "Suspected", to: &page)
    let more = input.firing.count + input.pending.count - active.count
    guard more > 0 else { return }
    page.element("p") { page in
      page.text("And \(Quantity.count(more, "finding")) more. On this host, ")
      page.inline("code", text: "closewatch triage")
      page.raw(" lists them all.")
    }
  }

  private func write(
    _ lines: [FindingLine], id: String, title: String, to page: inout HTMLWriter
  ) {
    guard !lines.isEmpty else { return }
    page.element("section", HTMLAttribute("aria-labelledby", id)) { page in
      page.element("h2", .id(id), text: title)
      for line in lines { line.write(to: &page) }
    }
  }

  private func writeResolved(to page: inout HTMLWriter) {
    let resolved = input.resolved
    guard !resolved.isEmpty else { return }
    page.element("section", HTMLAttribute("aria-labelledby", "h-resolved")) { page in
      page.element("h2", .id("h-resolved"), text: "Resolved in the last hour")
      page.element("ul", .class("resolved")) { page in
        for finding in resolved.prefix(Self.resolvedShown) {
          page.element("li") { page in
            Icon.write("resolved", to: &page)
            page.inline("strong", text: PublicOwner.name(finding.owner))
            page.raw(" ")
            page.inline("code", text: finding.rule.rawValue)
            page.raw(" ")
            let how = finding.end.map {
              "; " + EndWords.withoutProcess(JournalEvent.End($0), in: finding.state)
            }
            page.text("\(Quantity.count(finding.peak)) at its peak" + (how ?? ""))
          }
        }
      }
      let more = resolved.count - Self.resolvedShown
      if more > 0 { page.element("p", text: "And \(Quantity.count(more)) more.") }
    }
  }

  private func writeLinks(to page: inout HTMLWriter) {
    page.element("nav", HTMLAttribute("aria-label", "Other pages")) { page in
      page.inline("a", .href("./metrics"), text: "Metrics")
      page.raw("\n")
      page.inline("a", .href("./-/healthy"), text: "Healthy")
      page.raw("\n")
      page.inline("a", .href("./-/ready"), text: "Ready")
    }
    page.element(
      "p", .class("quiet"),
      text: "closewatch \(input.snapshot.version) finds TCP sockets that should have been closed, "
        + "and who holds them.")
  }
}
