// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import TestSupport
import Testing

/// The text that `journalctl -x` shows, by the tool that shows it.
@Suite struct JournalCatalogTests {
  @Test func `no line of a text would be taken for a comment`() {
    let body = JournalCatalog.text().split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0.hasPrefix("#") }
    #expect(!body.contains { $0.hasPrefix("#") || $0.hasPrefix(";") })
  }

  @Test(.requires(.command("journalctl")))
  func `journalctl takes every entry, with its subject and all its lines`() throws {
    let root = TemporaryDirectory()
    let folder = "\(root.path)/usr/lib/systemd/catalog"
    let database = "\(root.path)/var/lib/systemd/catalog"
    _ = try ChildProgram.run("mkdir", ["-p", folder, database])
    root.write(
      "usr/lib/systemd/catalog/closewatch.catalog", Array(JournalCatalog.text().utf8))
    let update = try ChildProgram.run(
      "journalctl", ["--root=\(root.path)", "--update-catalog"])
    try #require(update.status == 0)
    let list = try ChildProgram.run("journalctl", ["--root=\(root.path)", "--list-catalog"])
    #expect(list.lines.count == 3 * RuleID.allCases.count + 1)
    for rule in RuleID.allCases {
      for kind in [FindingEvent.Kind.firing, .worsened, .resolved] {
        let id = rule.guide.messageIDs[kind]
        let shown = try ChildProgram.run(
          "journalctl", ["--root=\(root.path)", "--dump-catalog", id])
        #expect(shown.status == 0)
        #expect(shown.lines.contains { $0.hasPrefix("Subject: ") }, "\(rule) \(kind)")
        #expect(shown.lines.contains("Defined-By: closewatch"))
      }
    }
    let release = try ChildProgram.run(
      "journalctl", ["--root=\(root.path)", "--dump-catalog", MessageIDs.release])
    #expect(release.lines.contains { $0.contains("ran closewatch release on the process") })
    let text = try ChildProgram.run(
      "journalctl",
      [
        "--root=\(root.path)", "--dump-catalog", RuleID.acceptQueueStall.guide.messageIDs[.firing],
      ])
    let guide = RuleID.acceptQueueStall.guide(to: GuideSubject(.notAccepted))
    #expect(text.lines.contains("Subject: \(guide.title)"))
    for step in guide.spelledOut().now.flatMap({ $0.split(separator: "\n") }) {
      #expect(text.lines.contains { $0.hasSuffix(step) }, "\(step)")
    }
  }
}
