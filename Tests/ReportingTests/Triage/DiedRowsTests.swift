// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

@testable import Reporting

/// Of sockets that have died since, nobody is sent to a table that does not show them.
@Suite struct DiedRowsTests {
  private func leak(_ rule: RuleID, dead: Int) -> Finding {
    var finding = FoundLeak.closeWait()
    finding.rule = rule
    if dead > 0 { finding.evidence.append(.turnedDead(count: dead)) }
    if dead == finding.sockets { finding.examples = [] }
    return finding
  }

  private func page(_ finding: Finding) -> String {
    var report = FoundLeak.report([finding], watched: 26)
    report.showsAll = true
    return TriageText(report, style: TextStyle()).text()
      .split { $0 == "\n" || $0 == " " }.joined(separator: " ")
  }

  @Test(arguments: [RuleID.closeWaitLeak, .closeWaitStuck])
  func `sockets that have all died are not said to be in CLOSE_WAIT`(rule: RuleID) {
    let words = page(leak(rule, dead: 88))
    #expect(words.contains("88 descriptors on sockets that died in CLOSE_WAIT:"))
    #expect(words.contains(" 88 dead, were CLOSE_WAIT "))
    #expect(!words.contains("88 sockets in CLOSE_WAIT"))
    #expect(!words.contains("88 in CLOSE_WAIT"))
  }

  @Test func `where some have died, each kind has its own number`() {
    let words = page(leak(.closeWaitLeak, dead: 8))
    #expect(words.contains("80 sockets in CLOSE_WAIT and 8 that died in it:"))
    #expect(words.contains(" 80 in CLOSE_WAIT, 8 dead "))
  }

  @Test func `what has ended is told by the most that it ever were`() {
    var finding = leak(.closeWaitLeak, dead: 88)
    (finding.lifecycle, finding.peak) = (.resolved, 90)
    #expect(FindingWords(nil, style: TextStyle()).what(finding) == "90 sockets in CLOSE_WAIT")
  }

  @Test(arguments: [RuleID.closeWaitLeak, .closeWaitStuck])
  func `what lists or resets rows is no advice where none is left`(rule: RuleID) {
    let (none, some) = (page(leak(rule, dead: 88)), page(leak(rule, dead: 87)))
    for step in ["ss -tnpo state close-wait", "closewatch release 4711"] {
      #expect(!none.contains(step), "\(step)")
      #expect(some.contains(step), "\(step)")
    }
    #expect(none.contains("lsof -nP -p 4711 | grep -E 'protocol: (MP)?TCP'"))
  }
}
