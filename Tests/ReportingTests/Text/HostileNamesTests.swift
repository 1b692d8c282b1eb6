// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

/// Names that a program chooses to mislead who reads them, in every place of a finding that has
/// one, on what people read and copy. The page, metrics, journal and `top` have tests of their own.
@Suite struct HostileNamesTests {
  static let names = [
    "x\u{1b}]0;owned\u{7}", "y\u{1b}[2J\u{9b}31m", "a\nCRITICAL b",
    "a\r\nPRIORITY=0\u{85}\u{2028}c",
    "\u{202e}gnp.exe", "\u{2066}a\u{2069}\u{200b}\u{feff}", "\u{e0041}\u{e0001}",
    "| @everyone [a](http://x.test) <img src=x> `b` |", "```\nrm -rf /\n```", "**bold** _it_ # h",
  ]

  private func report(_ name: String, isWhole: Bool) -> TriageReport {
    var record = FoundLeak.process(4711, name, unit: name)
    record.executable = "/opt/" + name
    record.main = name
    record.cgroup = "/" + name
    record.container = name
    record.names = ContainerNames(container: name, pod: name, namespace: name)
    var findings = [Lifecycle.firing, .firing, .pending, .resolved].enumerated().map {
      var finding = FoundLeak.closeWait(lifecycle: $1, id: "close-wait-leak:\(name)\($0)")
      finding.owner = Owner(.unit, name)
      finding.namespaceName = name
      for index in finding.culprits.indices {
        finding.culprits[index].process = record
        finding.culprits[index].process.id.pid += Int32(index)
      }
      return finding
    }
    findings[1].becauseOf = findings[0].id
    var report = FoundLeak.report(findings, watched: 60)
    report.showsAll = isWhole
    return report
  }

  private func unsafe(_ text: String) -> [Unicode.Scalar] {
    text.unicodeScalars.filter { $0 != "\n" && UntrustedText.isUnsafe($0) }
  }

  @Test(arguments: names, [true, false])
  func `no name moves the cursor, hides or reorders a line, or begins one`(
    _ name: String, _ unicode: Bool
  ) {
    let report = report(name, isWhole: true)
    let page = TriageText(report, style: TextStyle(unicode: unicode)).text()
    #expect(unsafe(page).isEmpty, "\(page)")
    let markdown = TriageMarkdown(report).markdown()
    #expect(unsafe(markdown).isEmpty, "\(markdown)")
    for line in page.split(separator: "\n") + markdown.split(separator: "\n") {
      #expect(!line.hasPrefix("CRITICAL b") && !line.hasPrefix("PRIORITY="), "\(line)")
      #expect(!line.hasPrefix("rm "), "\(line)")
    }
  }

  @Test(arguments: names, [true, false])
  func `in Markdown a name is code, of which it cannot get out`(_ name: String, _ isWhole: Bool) {
    let markdown = TriageMarkdown(report(name, isWhole: isWhole)).markdown()
    var isBlock = false
    for line in markdown.split(separator: "\n") {
      if line.hasPrefix("```") {
        isBlock.toggle()
        continue
      }
      // What is between backticks is shown as it is.
      let parts = line.split(separator: "`", omittingEmptySubsequences: false)
      if isBlock { continue }
      #expect(parts.count % 2 == 1, "\(line)")
      let words = parts.enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined()
      for mark in ["@everyone", "](", "<img", "**bold", "_it_"] {
        #expect(!words.contains(mark), "\(line)")
      }
    }
    #expect(!isBlock)
  }
}
