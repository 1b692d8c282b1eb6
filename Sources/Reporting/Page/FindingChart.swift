// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A finding's number over time, the level at which something runs out, and when the present rate
/// of growth gets there.
struct FindingChart {
  /// How much of the plot is the past, and where the page puts the word "now".
  private enum Split: String {
    case now100, now60, now40

    var futureShare: Double {
      switch self {
      case .now100: 0
      case .now60: 2.0 / 3
      case .now40: 1.5
      }
    }
  }

  private let finding: Finding
  private let id: String
  private let words = FindingWords(nil, style: TextStyle(unicode: true))
  private let curve: Curve
  private let split: Split
  /// The number of sockets at which the resource runs out, when one can be told from the other.
  private let level: Double?
  private let isLevelShown: Bool

  /// nil when there is no curve yet: fewer than three points.
  ///
  /// - Parameters:
  ///   - id: Unique on the page.
  ///   - intervalSeconds: Between two samples.
  init?(_ finding: Finding, id: String, now: BootInstant, intervalSeconds: Double) {
    guard finding.history.count >= 3, let first = finding.history.first else { return nil }
    self.finding = finding
    self.id = id
    let past = max(now.seconds(since: first.at), 1)
    let points = finding.history.map {
      Curve.Point(seconds: min(0, -now.seconds(since: $0.at)), value: Double($0.sockets))
    }
    let level = Self.level(of: finding)
    // What the newest sample does not show any more has no future.
    let isCurrent = finding.history.last.map { $0.at >= now } ?? false
    let split = isCurrent ? Self.split(finding, past: past, level: level) : .now100
    let most = points.compactMap(\.value).max() ?? 0
    var top = most
    let future = past * split.futureShare
    if split != .now100, let growth = finding.growth {
      top = max(top, Double(finding.sockets) + growth.high * future)
    }
    // A limit far above the curve would press the curve flat.
    isLevelShown = level.map { $0 <= 3 * max(top, 1) } ?? false
    if let level { top = isLevelShown ? max(most, level * 1.08) : min(top, level) }
    self.level = level
    self.split = split
    curve = Curve(
      points: points, pastSeconds: past, futureSeconds: future, top: Curve.readable(above: top),
      joinSeconds: max(3 * intervalSeconds, past / 6))
  }

  /// The other descriptors of the process stay as they are: then so many sockets fill it. Not of
  /// several processes, where the forecast is of one and the curve of all.
  private static func level(of finding: Finding) -> Double? {
    guard let forecast = finding.forecast else { return nil }
    let holders = Set(finding.culprits.filter { $0.role == .holder }.map(\.process.id))
    if forecast.resource == .descriptors, holders.count != 1 { return nil }
    if forecast.resource == .tcpMemory || forecast.resource == .orphans { return nil }
    let others = forecast.used - finding.sockets
    guard others >= 0 else { return nil }
    return Double(max(forecast.limit - others, 0))
  }

  private static func split(_ finding: Finding, past: Double, level: Double?) -> Split {
    guard finding.lifecycle == .firing, let level, level > Double(finding.sockets),
      let forecast = finding.forecast, forecast.seconds != nil, let growth = finding.growth,
      growth.high > 0
    else { return .now100 }
    let end = forecast.highSeconds ?? forecast.seconds ?? .infinity
    return end > past * 2 / 3 && end <= past * 1.5 ? .now40 : .now60
  }

  func write(to page: inout HTMLWriter) {
    page.element("figure", .class("chart " + split.rawValue)) { page in
      page.element("div", .class("plot")) { page in
        writeScale(to: &page)
        writePlot(to: &page)
        writeTimes(to: &page)
      }
      page.element("figcaption") { page in writeLegend(to: &page) }
    }
  }

  private func writeScale(to page: inout HTMLWriter) {
    page.element("svg", .class("y"), HTMLAttribute("aria-hidden", "true")) { page in
      let limit = isLevelShown ? level : nil
      for value in [curve.top, curve.top / 2, 0] {
        // Two labels need room.
        if let limit, abs(limit - value) < 0.1 * curve.top { continue }
        writeLabel(value, "tick", to: &page)
      }
      if let limit { writeLabel(limit, "limit", to: &page) }
    }
  }

  private func writeLabel(_ value: Double, _ kind: String, to page: inout HTMLWriter) {
    let y = Curve.short(100 * curve.y(value) / Curve.height) + "%"
    page.inline(
      "text", .class(kind), HTMLAttribute("x", "100%"), HTMLAttribute("y", y),
      HTMLAttribute("dy", "0.35em"), text: Quantity.count(Int(value)))
  }

  private func writeTimes(to page: inout HTMLWriter) {
    page.element("div", .class("x"), HTMLAttribute("aria-hidden", "true")) { page in
      page.inline("span", text: Quantity.duration(curve.pastSeconds) + " ago")
      page.inline("span", .class("now"), text: "now")
      if split != .now100 {
        page.inline("span", text: "in " + Quantity.duration(curve.futureSeconds))
      }
    }
  }

  private func writePlot(to page: inout HTMLWriter) {
    SVGPlot.write(to: &page, id: id, title: title, description: description) { page in
      if split != .now100, let growth = finding.growth {
        let cone = curve.cone(
          from: Double(finding.sockets), low: growth.low, high: growth.high,
          level: min(level ?? curve.top, curve.top))
        SVGPlot.path(cone, .cone, to: &page)
        let now = Curve.short(curve.x(0))
        SVGPlot.path("M\(now) 0V\(Curve.short(Curve.height))", .now, to: &page)
      }
      SVGPlot.path(curve.area, .area, to: &page)
      SVGPlot.path(curve.line, .line, to: &page)
      if let dot = curve.dot { SVGPlot.path(dot, .dot, to: &page) }
      if isLevelShown, let level {
        let y = Curve.short(curve.y(level))
        SVGPlot.path("M0 \(y)H\(Curve.short(Curve.width))", .limit, to: &page)
      }
    }
  }

  private func writeLegend(to page: inout HTMLWriter) {
    page.inline("span", .class("key line"), text: words.what(finding))
    if let level, let forecast = finding.forecast {
      let what = Self.limitWords(forecast, level: Int(level))
      page.raw(" ")
      if isLevelShown {
        page.inline("span", .class("key limit"), text: what)
      } else {
        page.inline("span", .class("key"), text: what + ", above this scale")
      }
    }
    if split != .now100 {
      page.raw(" ")
      page.inline("span", .class("key cone"), text: "if it goes on growing at this rate")
    }
  }

  private static func limitWords(_ forecast: Forecast, level: Int) -> String {
    let (at, limit) = (Quantity.count(level), Quantity.count(forecast.limit))
    return switch forecast.resource {
    case .descriptors: "at \(at) the limit of \(limit) descriptors is reached"
    case .ephemeralPorts: "at \(at) all \(limit) ephemeral ports are in use"
    case .acceptQueue: "at \(at) the accept queue is full"
    case .timeWaitBuckets: "at \(at) the limit of TIME_WAIT sockets is reached"
    case .orphans: "at \(at) the limit of orphans is reached"
    case .tcpMemory: "at \(at) the limit of TCP memory is reached"
    }
  }

  private var title: String { "\(words.what(finding)), the last \(past)" }
  private var past: String { Quantity.duration(curve.pastSeconds) }

  private var description: String {
    let counts = finding.history.map(\.sockets)
    var text =
      "From \(Quantity.count(counts.first ?? 0)) \(past) ago to "
      + "\(Quantity.count(counts.last ?? 0)) now; at most \(Quantity.count(counts.max() ?? 0))."
    if let forecast = words.forecast(finding) { text += " Runs out: \(forecast)." }
    return text
  }
}

/// The drawing that charts share.
enum SVGPlot {
  /// What a path shows; the style sheet has its colours.
  enum Kind: String { case area, line, dot, limit, cone, now }

  static func write(
    to page: inout HTMLWriter, id: String, title: String, description: String,
    body: (inout HTMLWriter) -> Void
  ) {
    let size = "0 0 \(Curve.short(Curve.width)) \(Curve.short(Curve.height))"
    page.element(
      "svg", HTMLAttribute("viewBox", size), HTMLAttribute("preserveAspectRatio", "none"),
      HTMLAttribute("role", "img"), HTMLAttribute("aria-labelledby", "\(id)-t \(id)-d")
    ) { page in
      page.inline("title", .id(id + "-t"), text: title)
      page.inline("desc", .id(id + "-d"), text: description)
      let half = Curve.short(Curve.height / 2)
      let all = Curve.short(Curve.width)
      page.open("path", [.class("grid"), HTMLAttribute("d", "M0 0H\(all)M0 \(half)H\(all)")])
      page.close("path")
      body(&page)
    }
  }

  static func path(_ d: String, _ kind: Kind, to page: inout HTMLWriter) {
    guard !d.isEmpty else { return }
    page.open("path", [.class(kind.rawValue), HTMLAttribute("d", d)])
    page.close("path")
  }
}
