// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Sockets by state over time: a small curve each for the last hour and the last day, and the same
/// as a table.
struct TimelineSection {
  /// A state with its curves.
  private struct Row {
    var state: TCPState
    var hour: [StateTimeline.Point]
    var day: [StateTimeline.Point]

    var newest: Int? { hour.last?.sockets }
    var most: Int { (hour + day).compactMap(\.sockets).max() ?? 0 }
  }

  private let input: StatusInput
  private let timeline: StateTimeline
  private let now: BootInstant
  private let rows: [Row]

  init(_ input: StatusInput) {
    self.input = input
    let timeline = input.snapshot.timeline
    self.timeline = timeline
    now = timeline.newestAt ?? BootInstant(nanoseconds: 0)
    rows = TCPState.shown.map {
      Row(state: $0, hour: timeline.hour.points(of: $0), day: timeline.day.points(of: $0))
    }
    .filter { $0.most > 0 }
    .sorted {
      (SocketListing.rank($0.state), $0.state) < (SocketListing.rank($1.state), $1.state)
    }
  }

  /// Whether there is more to show than the last hour.
  private var hasDay: Bool {
    timeline.firstAt.map { now.seconds(since: $0) > timeline.hour.spanSeconds } ?? false
  }

  func write(to page: inout HTMLWriter) {
    guard !rows.isEmpty, timeline.hour.count > 1 else { return }
    page.element("section", HTMLAttribute("aria-labelledby", "h-time")) { page in
      page.element("h2", .id("h-time"), text: "Sockets by state over time")
      page.element(
        "p", .class("quiet"),
        text: "Of the whole host; the highest number of each "
          + Quantity.duration(timeline.hour.stepSeconds)
          + (hasDay ? ", of the day of each " + Quantity.duration(timeline.day.stepSeconds) : "")
          + ". Each curve has its own scale.")
      page.element("div", .class("minis")) { page in
        for row in rows { write(row, to: &page) }
      }
      writeTable(to: &page)
    }
  }

  private func write(_ row: Row, to page: inout HTMLWriter) {
    page.element("figure", .class("mini")) { page in
      page.element("figcaption") { page in
        page.inline("span", .class("state"), text: row.state.name)
        page.raw(" ")
        page.inline("strong", text: row.newest.map(Quantity.count) ?? "not read")
      }
      page.element("div", .class("pair")) { page in
        write(row.hour, of: row.state, in: timeline.hour, name: "last hour", to: &page)
        if hasDay {
          write(row.day, of: row.state, in: timeline.day, name: "last 24 h", to: &page)
        }
      }
    }
  }

  private func write(
    _ points: [StateTimeline.Point], of state: TCPState, in window: StateTimeline.Window,
    name: String, to page: inout HTMLWriter
  ) {
    let most = points.compactMap(\.sockets).max() ?? 0
    let watched = timeline.firstAt.map { now.seconds(since: $0) } ?? 0
    let past = min(window.spanSeconds, max(watched, window.stepSeconds))
    let curve = Curve(
      points: points.map {
        Curve.Point(
          seconds: min(0, -now.seconds(since: $0.at)), value: $0.sockets.map(Double.init))
      },
      pastSeconds: past, top: Curve.readable(above: Double(most)),
      joinSeconds: 3 * max(window.stepSeconds, input.snapshot.cost.intervalSeconds))
    let span = past < window.spanSeconds ? "last " + Quantity.duration(past) : name
    page.element("div") { page in
      let first = points.first { $0.sockets != nil }?.sockets ?? 0
      SVGPlot.write(
        to: &page, id: "s\(state.rawValue)-\(name == "last hour" ? "h" : "d")",
        title: "\(state.name), \(span)",
        description: "From \(Quantity.count(first)) to "
          + "\(Quantity.count(points.last?.sockets ?? 0)), at most \(Quantity.count(most))."
      ) { page in
        SVGPlot.path(curve.area, .area, to: &page)
        SVGPlot.path(curve.line, .line, to: &page)
      }
      page.element("p", .class("span")) { page in
        page.inline("span", text: span)
        page.raw(" ")
        page.inline("span", text: "up to \(Quantity.count(most))")
      }
    }
  }

  // MARK: Table

  /// Seconds before now, and from which of the windows.
  private var times: [(ago: Double, isDay: Bool)] {
    let hour = [0.0, 300, 900, 1800, 3600].map { ($0, false) }
    let day = [10_800.0, 21_600, 43_200, 86_400].map { ($0, true) }
    let watched = timeline.firstAt.map { now.seconds(since: $0) } ?? 0
    return (hour + day).filter { $0.0 <= watched }
  }

  private func writeTable(to page: inout HTMLWriter) {
    let columns = times.map { time in
      let title = time.ago == 0 ? "now" : Quantity.duration(time.ago) + " ago"
      let limit = now.advanced(bySeconds: -time.ago)
      return Column<Row>(title) { row in
        let points = time.isDay ? row.day : row.hour
        return (points.last { $0.at <= limit }?.sockets).map { Quantity.count($0) } ?? "-"
      }
    }
    page.element("details") { page in
      page.element("summary", text: "The same as a table")
      HTMLTable(
        "Sockets by state over time", columns: [Column("State") { $0.state.name }] + columns
      )
      .write(rows, to: &page)
    }
  }
}
