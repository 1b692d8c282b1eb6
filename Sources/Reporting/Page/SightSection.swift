// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What closewatch could not see, how it does, and what it costs.
struct SightSection {
  private let input: StatusInput
  private var snapshot: DaemonSnapshot { input.snapshot }

  init(_ input: StatusInput) { self.input = input }

  func write(to page: inout HTMLWriter) {
    page.element("section", HTMLAttribute("aria-labelledby", "h-sight")) { page in
      page.element("h2", .id("h-sight"), text: "How well it sees")
      let troubles = troubles
      if troubles.isEmpty {
        page.element(
          "p", text: "Every network namespace and every process that holds a socket could be read.")
      } else {
        page.element("ul", .class("troubles")) { page in
          for trouble in troubles { page.element("li", text: trouble) }
        }
        page.element("p", .class("quiet")) { page in
          page.raw("On this host, ")
          page.inline("code", text: "closewatch doctor")
          page.raw(" says how to fix it.")
        }
      }
      page.element("p", text: cost)
    }
  }

  /// Everything that makes the page say less than there is, in sentences.
  private var troubles: [String] {
    var found: [String] = []
    var counts: [Gap.Kind: Int] = [:]
    for gap in snapshot.gaps { counts[gap.kind, default: 0] += gap.count }
    for kind in Gap.Kind.allCases {
      // Details name processes and files.
      guard let count = counts[kind] else { continue }
      found.append(
        GapWords.sentence(Gap(kind, count: count, detail: ""), unicode: true, isRoot: true) + ".")
    }
    if snapshot.picture.connectionsFolded > 0 {
      let count = Quantity.count(snapshot.picture.connectionsFolded, "socket")
      found.append("\(count) left out of the judgement: rules.connection-limit is reached.")
    }
    if let words = snapshot.leftOut.words { found.append(words) }
    return found + ownTroubles
  }

  private var ownTroubles: [String] {
    var found: [String] = []
    if !snapshot.settings.isLastReloadGood {
      found.append(
        "The latest settings file was refused, those before it are in force: closewatch "
          + "check-settings says why.")
    }
    if snapshot.web?.isConfigGood == false {
      found.append("The latest web.config.file was refused, the one before it is in force.")
    }
    let cost = snapshot.cost
    if cost.failedLooks > 0 {
      found.append("\(Quantity.count(cost.failedLooks, "sample")) failed since the start.")
    }
    if cost.lateTurns > 0 {
      found.append("\(Quantity.count(cost.lateTurns, "sample")) came late since the start.")
    }
    if cost.isBackedOff {
      found.append(
        "Samples are taken less often than configured, because one costs more than its "
          + "budget.")
    }
    if snapshot.journal.lost > 0 {
      found.append(
        Quantity.count(snapshot.journal.lost, "entry", plural: "entries")
          + " for the journal lost: journald was away for too long.")
    }
    // Not why: that names the collector.
    if let since = snapshot.pushes?.failingSince {
      found.append(
        "No metrics have reached the collector (otlp.endpoint) since \(UTCTime.text(since)): "
          + "closewatch doctor says why.")
    }
    return found
  }

  /// `A sample takes 3 ms; ... 0.2 % of a core since the start 4 d ago.`
  private var cost: String {
    let cost = snapshot.cost
    var parts: [String] = []
    if let seconds = snapshot.newestSample.map({ $0.cost.wallMilliseconds / 1000 }) {
      parts.append(
        "The latest sample took \(Quantity.duration(seconds)), with the search for holders and the "
          + "judgement \(Quantity.duration(cost.turnWallSeconds)).")
    }
    let samples = cost.cheapLooks + cost.fullLooks
    if samples > 0, let seconds = snapshot.watchedSeconds, seconds > 0 {
      let share = 100 * cost.totalCPUSeconds / seconds
      parts.append(
        "\(Quantity.count(samples, "sample")) in \(Quantity.duration(seconds)) used "
          + "\(Quantity.fixed(share, decimals: 2)) % of a core.")
    }
    parts.append(
      "\(Quantity.count(snapshot.picture.connectionsRemembered, "connection")) in memory.")
    return parts.joined(separator: " ")
  }
}
