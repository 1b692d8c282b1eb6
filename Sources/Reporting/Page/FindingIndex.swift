// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Many findings as a list of lines that lead to their cards.
struct FindingIndex {
  /// Up to so many are seen at once without a list.
  private static let most = 3
  private let findings: [Finding]
  private let words = FindingWords(nil, style: TextStyle(unicode: true))

  init(_ findings: [Finding]) { self.findings = findings }

  func write(to page: inout HTMLWriter) {
    guard findings.count > Self.most else { return }
    page.element("nav", .class("index"), HTMLAttribute("aria-labelledby", "h-index")) { page in
      page.element("h2", .id("h-index"), text: "At a glance")
      page.element("ol") { page in
        for finding in findings { write(finding, to: &page) }
      }
    }
  }

  private func write(_ finding: Finding, to page: inout HTMLWriter) {
    let grade =
      finding.lifecycle == .firing ? finding.severity.name : finding.lifecycle.rawValue
    page.element("li") { page in
      Icon.write(grade, to: &page)
      page.inline("span", .class("unseen"), text: grade)
      page.raw(" ")
      page.open("a", [.href("#" + FindingCard.id(of: finding))])
      page.text(PublicOwner.name(finding.owner))
      page.raw(" ")
      page.inline("span", .class("rule"), text: finding.rule.rawValue)
      page.close("a")
      page.raw(" ")
      page.inline("span", .class("quiet"), text: course(of: finding))
    }
  }

  /// `412 sockets in CLOSE_WAIT, descriptors in 41-54 min`.
  private func course(of finding: Finding) -> String {
    let end = finding.forecast.flatMap { forecast in
      forecast.seconds == nil && forecast.used < forecast.limit ? nil : words.time(forecast)
    }
    return words.what(finding) + (end.map { ", " + $0 } ?? "")
  }
}
