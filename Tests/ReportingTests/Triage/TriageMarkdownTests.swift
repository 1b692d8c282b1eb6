// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import TestSupport
import Testing

@Suite struct TriageMarkdownTests {
  private func markdown(_ findings: [Finding], target: TriageTarget? = nil) -> String {
    var report = FoundLeak.report(findings, watched: 60)
    report.target = target
    return TriageMarkdown(report).markdown()
  }

  @Test func `a finding is told as in an incident channel`() {
    let text = markdown([
      FoundLeak.closeWait(), FoundLeak.closeWait(lifecycle: .pending, id: "close-wait-leak:b"),
    ])
    #expect(Golden.difference(text, "triage-finding.md") == nil)
  }

  @Test func `nothing to act on is said, with what it is about`() {
    let text = markdown([], target: .name("web"))
    #expect(
      text.hasPrefix("**14:00 UTC, watched for 60 s, only web: nothing to act on**\n"),
      "\(text)")
    #expect(text.contains("Among 7 sockets of `web`"))
  }

  @Test func `every block of code that is opened is closed, and holds commands that can be copied`()
  {
    let lines = markdown([FoundLeak.closeWait()]).split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("```") } == 2)
    let start = lines.firstIndex { $0 == "```sh" } ?? 0
    let end = lines.lastIndex { $0 == "```" } ?? 0
    #expect(end > start + 2)
    #expect(lines[start + 1].hasPrefix("# "))
  }

  @Test func `a name that another program chose cannot leave its quotes`() {
    var finding = FoundLeak.closeWait()
    finding.culprits[0].process.command = "x`@here`"
    let text = markdown([finding])
    #expect(text.contains("`x'@here'[4711] in api.service`"))
  }
}
