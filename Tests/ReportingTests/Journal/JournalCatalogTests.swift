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
    #expect(list.lines.count == RuleID.allCases.flatMap { $0.guide.messageIDs.all }.count + 1)
    for rule in RuleID.allCases {
      for id in rule.guide.messageIDs.all {
        let shown = try ChildProgram.run(
          "journalctl", ["--root=\(root.path)", "--dump-catalog", id])
        #expect(shown.status == 0)
        #expect(shown.lines.contains { $0.hasPrefix("Subject: ") }, "\(rule) \(id)")
        #expect(shown.lines.contains("Defined-By: closewatch"))
      }
    }
    let release = try ChildProgram.run(
      "journalctl", ["--root=\(root.path)", "--dump-catalog", MessageIDs.release])
    #expect(release.lines.contains { $0.contains("ran closewatch release on the process") })
    let text = try ChildProgram.run(
      "journalctl",
      [
        "--root=\(root.path)", "--dump-catalog", RuleID.acceptQueueStall.guide.messageIDs.firing,
      ])
    let guide = RuleID.acceptQueueStall.guide(to: GuideSubject(.notAccepted))
    #expect(text.lines.contains("Subject: \(guide.title): @CLOSEWATCH_OWNER@"))
    for step in guide.spelledOut().rescue.flatMap({ $0.split(separator: "\n") }) {
      let filled = step.replacing("PID", with: "@CLOSEWATCH_PID@")
      #expect(text.lines.contains { $0.hasSuffix(step) || $0.hasSuffix(filled) }, "\(step)")
    }
  }

  @Test func `each rule and cause has a text of its own, that fits one screen`() {
    let entries = JournalCatalog.text().split(separator: "\n-- ").dropFirst()
    let causes = RuleID.allCases.flatMap { rule in rule.guide.causes.map { (rule, $0) } }
    #expect(entries.count == causes.count + 2 * RuleID.allCases.count + 1)
    for (rule, cause) in causes {
      let id = rule.guide.messageIDs[.firing, cause]
      let own = entries.filter { $0.hasPrefix(id) }
      #expect(own.count == 1, "\(rule) \(cause)")
      for text in own {
        // Subject, Defined-By and Documentation stand before it, with a blank line.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(5)
        let body = lines.reversed().drop { $0.isEmpty }
        #expect(body.count <= 40, "\(rule) \(cause): \(body.count)")
        #expect(text.contains("What to do now:\n  - "), "\(rule) \(cause)")
        #expect(text.contains("explain \(rule) --cause \(cause)"), "\(rule) \(cause)")
        for placeholder in GuidePlaceholder.allCases {
          #expect(!text.contains("{\(placeholder.rawValue)}"), "\(rule) \(cause)")
        }
      }
    }
  }

  @Test func `journalctl fills in no name that a user chose where a shell would read it`() {
    for line in JournalCatalog.text().split(separator: "\n") where line.hasPrefix("      ") {
      for name in ["OWNER", "UNIT", "COMMAND", "CONTAINER", "EXECUTABLE", "ROOT"] {
        #expect(!line.contains("@CLOSEWATCH_\(name)"), "\(line)")
      }
    }
  }
}
