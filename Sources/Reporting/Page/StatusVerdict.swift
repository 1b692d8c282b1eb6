// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// The first thing on the page: how bad it is, in a line, and how fresh that is.
struct StatusVerdict {
  /// How the page looks at first sight; also the class of its style.
  enum Mood: String {
    case unknown, stale, critical, warning, notice, pending, calm
  }

  private let input: StatusInput
  private let words = FindingWords(nil, style: TextStyle(unicode: true))

  init(_ input: StatusInput) { self.input = input }

  var mood: Mood {
    guard input.snapshot.newestSample != nil else { return .unknown }
    if input.isStale { return .stale }
    switch input.firing.roots.map(\.severity).max() {
    case .critical: return .critical
    case .warning: return .warning
    case .notice: return .notice
    case nil: return input.pending.isEmpty ? .calm : .pending
    }
  }

  /// For the tab of the browser.
  var title: String {
    let place = input.hostName.map(LabelValue.safe) ?? "closewatch"
    return switch mood {
    case .unknown: "\(place): no sample yet"
    case .stale: "\(place): old data"
    case .calm: "\(place): nothing stuck"
    case .pending: "\(place): \(Quantity.count(input.pending.count)) suspected"
    case .critical, .warning, .notice:
      "(\(Quantity.count(input.firing.roots.count))) \(place): \(mood.rawValue)"
    }
  }

  /// `2 findings firing`.
  var headline: String {
    let firing = Quantity.count(input.firing.roots.count, "finding") + " firing"
    switch mood {
    case .unknown: return "No sample yet"
    case .stale: return "Old data: \(input.firing.isEmpty ? "nothing was firing" : firing)"
    case .calm: return "Nothing is stuck"
    case .pending:
      return "Nothing confirmed, \(Quantity.count(input.pending.count, "suspicion"))"
    case .critical, .warning, .notice: return firing
    }
  }

  /// `Worst: close-wait-leak in web.service, descriptors in 41-55 min.`
  var detail: String {
    switch mood {
    case .unknown:
      return "closewatch has not read the socket tables yet; /-/ready says when it has."
    case .stale:
      return "The latest sample is \(age) old, where one is due every \(interval). All below is as "
        + "of then. See journalctl -u closewatch."
    case .critical, .warning, .notice:
      let worst = "Worst: " + (input.firing.roots.first.map(worst) ?? "")
      return [worst, input.snapshot.leftOut.words].compactMap { $0 }.joined(separator: " ")
    case .pending, .calm:
      return watched
    }
  }

  private func worst(_ finding: Finding) -> String {
    let runsOut = words.outOf(finding).map { "; " + $0 } ?? ""
    return "\(finding.rule.rawValue) in \(PublicOwner.name(finding.owner)): "
      + words.what(finding) + runsOut + "."
  }

  private var watched: String {
    let namespaces = Quantity.count(input.snapshot.picture.namespaces.count, "network namespace")
    let sight =
      input.snapshot.gaps.isEmpty
      ? "All of them could be seen." : "Not all could be seen: \"How well it sees\" says what."
    let connections = Quantity.count(input.snapshot.picture.states.connections, "connection")
    return "\(connections) in \(namespaces) are watched. " + sight
  }

  private var age: String { input.sampleAgeSeconds.map(Quantity.duration) ?? "unknown" }
  private var interval: String { Quantity.duration(input.snapshot.cost.intervalSeconds) }

  func write(to page: inout HTMLWriter) {
    page.element("header", .class("verdict " + mood.rawValue)) { page in
      page.element("p", .class("brand")) { page in
        if let host = input.hostName { page.inline("span", text: LabelValue.safe(host)) }
        page.raw(" ")
        page.inline("span", .class("quiet"), text: "closewatch \(input.snapshot.version)")
      }
      page.element("div", .class("headline")) { page in
        Icon.write(mood.rawValue, to: &page)
        page.element("h1", text: headline)
      }
      page.element("p", .class("lead"), text: detail)
      writeFreshness(to: &page)
    }
  }

  private func writeFreshness(to page: inout HTMLWriter) {
    page.element("p", .class("fresh")) { page in
      if let wall = input.snapshot.newestSample?.wallClockSeconds {
        page.text("Sampled \(age) ago, at \(UTCTime.text(wall)), every \(interval). ")
      }
      if let seconds = input.refreshSeconds {
        page.text("This page reloads every \(Quantity.duration(Double(seconds))). ")
        page.inline("a", .href(input.folds.withOtherReload), text: "Stop reloading")
      } else {
        page.raw("This page does not reload. ")
        page.inline("a", .href(input.folds.withOtherReload), text: "Reload automatically")
      }
    }
  }
}

/// Owners in words.
enum PublicOwner {
  /// `api.service`, `pod checkout-7f9c/payments (container app)`, or what there is where
  /// no process is known.
  static func name(_ owner: Owner) -> String {
    // Bounded, for a process can call itself anything.
    owner.name.isEmpty || owner.kind == .kernel ? "no process" : LabelValue.safe(owner.title)
  }
}

/// A severity as a shape: colour is never the only sign.
enum Icon {
  /// All shapes, once on the page.
  static let symbols: StaticString = """
    <svg class="defs" aria-hidden="true" focusable="false"><defs>
    <symbol id="i-critical" viewBox="0 0 24 24"><path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/>\
    <path class="ink" d="M12 7v6M12 17v.01"/></symbol>
    <symbol id="i-warning" viewBox="0 0 24 24"><path d="M12 2.5 23 21.5H1z"/>\
    <path class="ink" d="M12 10v5M12 18.3v.01"/></symbol>
    <symbol id="i-notice" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10"/>\
    <path class="ink" d="M12 11v6M12 7v.01"/></symbol>
    <symbol id="i-pending" viewBox="0 0 24 24"><circle class="ring" cx="12" cy="12" r="9"/>\
    <path class="stroke" d="M12 7v5l3 3"/></symbol>
    <symbol id="i-calm" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10"/>\
    <path class="ink" d="m7.5 12.5 3 3 6-7"/></symbol>
    <symbol id="i-unknown" viewBox="0 0 24 24"><circle class="ring" cx="12" cy="12" r="9"/>\
    <path class="stroke" d="M8 12h8"/></symbol>
    </defs></svg>

    """

  /// - Parameter name: Of a mood or severity; `stale` and `resolved` share the shapes of others.
  static func write(_ name: String, to page: inout HTMLWriter) {
    let shape = name == "stale" ? "critical" : name == "resolved" ? "calm" : name
    page.open("svg", [.class("icon " + name), HTMLAttribute("aria-hidden", "true")])
    page.open("use", [HTMLAttribute("href", "#i-" + shape)])
    page.close("use")
    page.close("svg")
  }
}
