// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting
import Testing

/// Too many findings: how many there are, and how bad, stands before the first of them.
struct LeftOutTests {
  private func report(leftOut: Int = 2, firing: Int = 1) -> TriageReport {
    var report = FoundLeak.report(
      (0..<firing).map { FoundLeak.closeWait(id: "close-wait-leak:\($0)") })
    for index in 0..<leftOut {
      report.leftOut.add(FoundLeak.closeWait(severity: index == 0 ? .critical : .notice))
    }
    return report
  }

  @Test func `the page says it before the first finding`() throws {
    let words = TriageText(report(), style: TextStyle()).text().split { " \n".contains($0) }
    let page = words.joined(separator: " ")
    let before = try #require(page.components(before: "close-wait-leak"))
    #expect(before.contains("2 more were left out, the worst of severity critical."))
  }

  @Test func `Markdown and JSON say it, and only where it is so`() {
    #expect(TriageMarkdown(report()).markdown().contains("2 more were left out"))
    let json = String(decoding: TriageJSON(report()).bytes(), as: UTF8.self)
    #expect(json.contains(#""left_out":{"notice":1,"warning":0,"critical":1}"#))
    let calm = String(decoding: TriageJSON(report(leftOut: 0)).bytes(), as: UTF8.self)
    #expect(!calm.contains("left_out"))
    #expect(!TriageText(report(leftOut: 0), style: TextStyle()).text().contains("left out"))
  }

  @Test func `a long list is cut, and says what is not in it`() {
    let page = TriageText(report(leftOut: 0, firing: 50), style: TextStyle()).text()
    #expect(page.contains("40 more, the worst warning: -v shows all"))
  }
}

extension String {
  /// What stands before the first place at which another text is.
  fileprivate func components(before other: String) -> String? {
    firstRange(of: other).map { String(self[..<$0.lowerBound]) }
  }
}
