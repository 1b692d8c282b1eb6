// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One finding: how bad, who, what, since when, how fast, what runs out, the proof, what to do.
/// Without processes, addresses and single sockets.
struct FindingCard {
  /// How the advice of the finding is told.
  enum Advice {
    /// In full, in a fold.
    case full
    /// It is that of another card.
    case same(Finding)
    /// `closewatch explain` has it.
    case elsewhere
  }

  private let input: StatusInput
  private let finding: Finding
  private let guide: GuideText
  private let advice: Advice
  private let id: String
  private let words = FindingWords(nil, style: TextStyle(unicode: true))

  init(_ finding: Finding, in input: StatusInput, advice: Advice) {
    self.input = input
    self.finding = finding
    self.advice = advice
    id = Self.id(of: finding)
    guide = Self.guide(of: finding, in: input)
  }

  /// What its card tells.
  static func guide(of finding: Finding, in input: StatusInput) -> GuideText {
    PublicGuide(finding, isOwnNamespace: isOwn(finding.namespace, input)).text
  }

  /// The same as long as the finding lives.
  static func id(of finding: Finding) -> String {
    "f" + String(LabelValue.hash(finding.id), radix: 16)
  }

  /// Of the fold with what to do.
  static func adviceID(of finding: Finding) -> String { id(of: finding) + "-do" }

  private static func isOwn(_ id: NetnsID, _ input: StatusInput) -> Bool {
    input.snapshot.picture.namespace(id)?.sample.isOwn ?? false
  }

  private var grade: String {
    finding.lifecycle == .firing ? finding.severity.name : finding.lifecycle.rawValue
  }

  func write(to page: inout HTMLWriter) {
    page.element(
      "article", .class("card " + grade), .id(id), HTMLAttribute("aria-labelledby", id + "-h")
    ) { page in
      writeHead(to: &page)
      let chart = FindingChart(
        finding, id: id + "-c",
        now: input.snapshot.newestSample?.takenAt ?? BootInstant(nanoseconds: 0),
        intervalSeconds: input.snapshot.cost.intervalSeconds)
      chart?.write(to: &page)
      writeFacts(to: &page)
      page.element("p", .class("meaning"), text: guide.meaning)
      if input.linksSockets, !finding.members.isEmpty {
        page.element("p", .class("more")) { page in
          page.inline("a", .href(FindingSocketsPage.address(of: finding)), text: "Its sockets")
        }
      }
      writeAdvice(to: &page)
    }
  }

  private func writeHead(to page: inout HTMLWriter) {
    page.element("p", .class("grade")) { page in
      Icon.write(grade, to: &page)
      page.inline("strong", text: Self.word(grade))
      page.raw(" ")
      page.inline("code", text: finding.rule.rawValue)
      page.raw(" ")
      page.inline("code", text: finding.cause.rawValue)
    }
    let owner =
      [.kernel, .unseen, .container].contains(finding.owner.kind)
      ? PublicOwner.name(finding.owner)
      : "\(finding.owner.kind.rawValue) \(PublicOwner.name(finding.owner))"
    page.element(
      "p", .class("what"),
      text: "\(owner): \(words.what(finding)); \(words.lowercasedFirst(guide.title)).")
  }

  private static func word(_ grade: String) -> String {
    grade.prefix(1).uppercased() + grade.dropFirst()
  }

  // MARK: Facts

  private func writeFacts(to page: inout HTMLWriter) {
    page.element("dl", .class("facts")) { page in
      if let growth = finding.growth, growth.high > 0 {
        fact("Growth", Quantity.rate(growth), to: &page)
      }
      if let forecast = words.forecast(finding) { fact("Runs out", forecast, to: &page) }
      if let oldest = finding.oldest {
        fact("Oldest", Quantity.age(oldest), to: &page)
      }
      if let since = firingSince { fact("Firing", since, to: &page) }
      if let lastSeen { fact("Seen", lastSeen, to: &page) }
      if let place { fact("Where", place, to: &page) }
      if let root = finding.root { fact("Root", RootWords.withoutAddress(root), to: &page) }
      if let root = finding.becauseOf?.prefix(while: { $0 != "/" }) {
        fact("Because of", String(root), to: &page)
      }
      let proofs = finding.evidence.compactMap(Self.sentence)
      list("Proof", proofs, to: &page)
      let doubts = finding.doubts.map(DoubtWords.sentence)
      list(finding.lifecycle == .pending ? "Missing" : "Caveats", doubts, to: &page)
    }
  }

  private var firingSince: String? {
    guard let since = finding.firingSince, let now = input.snapshot.newestSample?.takenAt else {
      return nil
    }
    let seconds = max(0, now.seconds(since: since))
    let wall = input.snapshot.wallSeconds(of: since).map {
      ", since " + UTCTime.text($0, seenAt: input.snapshot.newestSample?.wallClockSeconds ?? $0)
    }
    return "for " + Quantity.duration(seconds) + (wall ?? "")
  }

  /// A finding goes on firing for a while when its rule no longer finds it.
  private var lastSeen: String? {
    guard let last = finding.history.last, let now = input.snapshot.newestSample?.takenAt,
      last.at < now
    else {
      return nil
    }
    return "not in the latest sample; last \(Quantity.duration(now.seconds(since: last.at))) "
      + "earlier"
  }

  private var place: String? {
    var parts: [String] = []
    if let port = finding.localPort { parts.append("local port \(port)") }
    if let port = finding.remotePort { parts.append("to port \(port)") }
    if !Self.isOwn(finding.namespace, input) {
      parts.append(
        "network namespace "
          + PlaceLabels(input.snapshot.picture)
          .label(finding.namespace, name: finding.namespaceName))
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Addresses are left out: the page is for anyone who can reach the port.
  private static func sentence(_ evidence: Evidence) -> String? {
    guard case .portsInUse(let used, let capacity, _, let destination) = evidence else {
      return EvidenceWords.sentence(evidence)
    }
    return "\(Quantity.count(used)) of \(Quantity.count(capacity)) local ports in use to one "
      + "destination, port \(destination.port)"
  }

  private func fact(_ name: StaticString, _ text: String, to page: inout HTMLWriter) {
    page.element("div") { page in
      page.element("dt") { $0.raw(name) }
      page.element("dd", text: text)
    }
  }

  private func list(_ name: StaticString, _ texts: [String], to page: inout HTMLWriter) {
    guard !texts.isEmpty else { return }
    page.element("div", .class("wide")) { page in
      page.element("dt") { $0.raw(name) }
      for text in texts { page.element("dd", text: text) }
    }
  }

  // MARK: Advice

  private func writeAdvice(to page: inout HTMLWriter) {
    switch advice {
    case .full:
      let fold = Self.adviceID(of: finding)
      input.folds.write(fold, class: "do", to: &page) { page in
        page.inline(
          "a", .id(StatusFolds.lineID(fold)), .href(input.folds.toggling(fold)),
          text: "What to do")
      } body: { page in
        writeAdviceInFull(to: &page)
      }
    case .same(let other):
      page.element("p", .class("more")) { page in
        page.raw("What to do: ")
        let place = input.folds.opening(Self.id(of: other), Self.adviceID(of: other))
        page.inline("a", .href(place), text: "as for \(PublicOwner.name(other.owner))")
      }
    case .elsewhere:
      page.element("p", .class("more")) { page in
        page.raw("What to do: ")
        page.inline("code", text: "closewatch explain \(finding.rule.rawValue)")
      }
    }
  }

  private func writeAdviceInFull(to page: inout HTMLWriter) {
    page.element("div", .class("advice"), .id(Self.adviceID(of: finding))) { page in
      if !guide.now.isEmpty { page.element("h4", text: "Do now") }
      if guide.now.contains(where: { $0.contains("PID") || $0.contains("FD") }) {
        page.element("p", .class("quiet")) { page in
          page.raw("On this host, ")
          page.inline("code", text: triage)
          page.raw(" fills in PID and the other values.")
        }
      }
      page.element("ol") { page in
        for step in guide.now { writeStep(step, to: &page) }
      }
      if !guide.fix.isEmpty {
        page.element("h4", text: "Permanent fix")
        page.element("ul") { page in
          for fix in guide.fix { page.element("li", text: Self.onOneLine(fix)) }
        }
      }
      if !guide.doesNotHelp.isEmpty {
        page.element("h4", text: "Does not help")
        page.element("ul") { page in
          for futile in guide.doesNotHelp { writeFutile(futile, to: &page) }
        }
      }
    }
  }

  private var triage: String {
    finding.localPort.map { "closewatch triage :\($0)" } ?? "closewatch triage"
  }

  private func writeStep(_ step: String, to page: inout HTMLWriter) {
    let lines = step.split(separator: "\n", omittingEmptySubsequences: false)
    page.element("li") { page in
      page.text(String(lines[0]))
      if lines.count > 1 {
        page.raw("\n")
        page.element("pre") { page in
          for line in lines.dropFirst() { page.element("code", text: String(line)) }
        }
      }
    }
  }

  private func writeFutile(_ futile: Futile, to page: inout HTMLWriter) {
    page.element("li") { page in
      page.inline("strong", text: futile.what)
      page.raw(": ")
      page.text(futile.why)
    }
  }

  private static func onOneLine(_ text: String) -> String {
    text.split(separator: "\n").joined(separator: " ")
  }
}
