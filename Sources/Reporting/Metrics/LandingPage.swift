// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The page at `/`: what this is, what it has found, and where to go on. No command line, no
/// address and no single socket is on it: whoever can connect can read it.
package struct LandingPage {
  /// The most findings that are listed.
  private static let limit = 50
  private let input: MetricsInput

  package init(_ input: MetricsInput) { self.input = input }

  /// The page as HTML.
  package func bytes() -> [UInt8] {
    var html = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>closewatch</title>
      <meta name="viewport" content="width=device-width">
      <style>body{font:16px/1.5 system-ui,sans-serif;margin:2em;max-width:60em;color-scheme:light \
      dark}td,th{text-align:left;padding:.2em 1em .2em 0;vertical-align:top}</style></head>
      <body><h1>closewatch \(Self.escaped(input.version))</h1>
      <p>Finds TCP sockets that should have been closed, and who holds them.</p>
      <p><a href="/metrics">Metrics</a> &middot; <a href="/-/healthy">Healthy</a> &middot; \
      <a href="/-/ready">Ready</a></p>

      """
    html += "<p>\(Self.escaped(state))</p>\n"
    let active = input.findings.filter { $0.lifecycle != .resolved }
    if !active.isEmpty { html += table(active) }
    html += "</body></html>\n"
    return Array(html.utf8)
  }

  private var state: String {
    guard input.sampler.lookWallSeconds != nil else { return "Not looked yet." }
    let firing = input.findings.count { $0.lifecycle == .firing }
    let pending = input.findings.count { $0.lifecycle == .pending }
    let gaps = input.gaps.reduce(0) { $0 + $1.count }
    let blind =
      gaps > 0
      ? " \(Quantity.count(gaps, "thing")) could not be seen: closewatch_gaps says what."
      : ""
    return "\(Quantity.count(firing, "finding")) confirmed, \(Quantity.count(pending)) suspected; "
      + "as of the newest sample, \(Quantity.duration(input.sampler.intervalSeconds)) apart."
      + blind
  }

  private func table(_ findings: [Finding]) -> String {
    var html =
      "<table><tr><th>Severity<th>Rule<th>Cause<th>Owner<th>Sockets<th>State of it</tr>\n"
    for finding in findings.prefix(Self.limit) {
      let cells = [
        finding.severity.name, finding.rule.rawValue, finding.cause.rawValue,
        LabelValue.safe("\(finding.owner.kind.rawValue) \(finding.owner.name)"),
        Quantity.count(finding.sockets), finding.lifecycle.rawValue,
      ]
      html += "<tr>" + cells.map { "<td>" + Self.escaped($0) }.joined() + "</tr>\n"
    }
    html += "</table>\n"
    let more = findings.count - Self.limit
    if more > 0 { html += "<p>and \(Quantity.count(more)) more.</p>\n" }
    return html + "<p><code>closewatch explain RULE</code> says what to do.</p>\n"
  }

  /// `text` as HTML text.
  static func escaped(_ text: String) -> String {
    var out = ""
    for character in UntrustedText.printable(text) {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.append(character)
      }
    }
    return out
  }
}
