// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

extension TriageText {
  /// What there is on the host, and what could not be seen, namespace by namespace.
  mutating func writeWholeEnd() {
    writeCensus()
    writeGaps()
  }

  /// The same on a first screen: sentences, so that the verdict does not scroll away.
  mutating func writeShortEnd() {
    page.blank()
    if !report.firing.isEmpty, !report.pending.isEmpty {
      let count = Quantity.count(report.pending.count)
      page.paragraph("Not confirmed yet: \(count) pending; -v says what is missing.")
    }
    page.paragraph("Sockets\(place)\(establishedAge): \(StateWords.words(report.census.sums))")
    if let unseen { page.paragraph("Not seen: " + unseen) }
  }

  /// ` of netns blue (4026532201)`, ` in 12 namespaces`; nothing where there is only one's own.
  private var place: String {
    let all = report.census.namespaces
    guard all.count == 1, let only = all.first else {
      return " in " + Quantity.count(all.count, "namespace")
    }
    if only.sample.isOwn { return "" }
    return " of " + NamespaceWords.heading(only.sample, unicode: style.unicode)
  }

  /// So much of what was not seen is told in words.
  private static let mostUnseen = 3

  private var unseen: String? {
    guard !report.gaps.isEmpty else { return nil }
    var parts = report.gaps.prefix(Self.mostUnseen).map(sentence)
    let more = report.gaps.count - Self.mostUnseen
    if more > 0 { parts.append("\(more) more, see -v") }
    return parts.joined(separator: "; ")
  }

  private func sentence(_ gap: Gap) -> String {
    GapWords.sentence(gap, unicode: style.unicode, isRoot: report.census.wasReadAsRoot)
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
      page.item(sentence(gap))
    }
    if report.gaps.count > 10 { page.item("\(report.gaps.count - 10) more, in --json") }
  }
}
