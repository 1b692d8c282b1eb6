// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

/// What is accepted is one line, alerts nobody, and is told again when it no longer is.
struct AcceptedWordsTests {
  private func finding(_ standing: Acceptance.Standing, id: String = "a") throws -> Finding {
    var finding = FoundLeak.closeWait(severity: .critical, id: id)
    finding.accepted = Accepted(
      Acceptance(
        owner: "api.service", rule: .closeWaitLeak, reason: "ticket 812",
        until: try #require(CalendarDay("2027-03-31"))), standing, sockets: 40)
    return finding
  }

  private func page(_ findings: [Finding]) -> String {
    TriageText(FoundLeak.report(findings), style: TextStyle(width: 300)).text()
  }

  @Test func `what is not certain asks for action where it runs out soon, unless it is accepted`()
    throws
  {
    var pending = try finding(.inForce)
    pending.lifecycle = .pending
    pending.forecast?.seconds = 30
    #expect(!FoundLeak.report([pending]).asksForAction)
    pending.accepted = nil
    #expect(FoundLeak.report([pending]).asksForAction)
    pending.forecast?.seconds = 90
    #expect(!FoundLeak.report([pending]).asksForAction)
    pending.forecast = Forecast(resource: .descriptors, used: 1024, limit: 1024)
    #expect(FoundLeak.report([pending]).asksForAction, "nothing is left")
  }

  @Test func `what is accepted is folded into one line, and asks for nothing`() throws {
    let accepted = try finding(.inForce)
    #expect(!FoundLeak.report([accepted]).asksForAction)
    let text = page([accepted])
    #expect(
      text.contains(
        "\n1 accepted (rules.accept): close-wait-leak of api.service, 88 sockets in CLOSE_WAIT, "
          + "until 2027-03-31 (ticket 812)\n"))
    #expect(!text.contains("CRITICAL"))
    #expect(TriageMarkdown(FoundLeak.report([accepted])).markdown().contains("1 accepted"))
    #expect(page([accepted, FoundLeak.closeWait(id: "b")]).contains("WARNING close-wait-leak"))
  }

  @Test(arguments: [
    (Acceptance.Standing.expired, "no longer accepted: that was until 2027-03-31 (ticket 812)"),
    (.doubled, "no longer accepted: it was with 40, until 2027-03-31 (ticket 812)"),
  ])
  func `what is no longer accepted is told in full, with what was said of it`(
    standing: Acceptance.Standing, words: String
  ) throws {
    let over = try finding(standing)
    #expect(FoundLeak.report([over]).asksForAction)
    #expect(page([over]).contains("CRITICAL close-wait-leak"))
    #expect(page([over]).contains("  known     \(words)\n"))
    let event = FindingEvent(kind: .worsened, at: BootInstant(seconds: 1000), finding: over)
    #expect(EventMessage.line(event).hasSuffix("; " + words))
    #expect(JournalEntry(event).fields.contains(JournalEntry.Field(name: "PRIORITY", value: "2")))
  }

  @Test func `the journal keeps it, at the level of information`() throws {
    let event = FindingEvent(
      kind: .firing, at: BootInstant(seconds: 1000), finding: try finding(.inForce))
    let entry = JournalEntry(event)
    #expect(entry.fields.contains(JournalEntry.Field(name: "PRIORITY", value: "6")))
    let read = try JournalEvent(fields: entry.fields)
    #expect(read == JournalEvent(event))
    #expect(read.accepted?.standing == .inForce)
    #expect(read.accepted?.reason == "ticket 812")
  }

  @Test func `JSON and metrics have it, and no total counts it`() throws {
    let accepted = try finding(.inForce)
    let json = String(
      decoding: TriageJSON(FoundLeak.report([accepted])).bytes(), as: UTF8.self)
    #expect(
      json.contains(
        #""accepted":{"owner":"api.service","rule":"close-wait-leak","reason":"ticket 812","#
          + #""until":"2027-03-31","standing":"in-force","sockets":40}"#))
    var snapshot = MetricsPageTests.host
    snapshot.findings = [accepted]
    let page = String(decoding: MetricsPage(snapshot).bytes(.prometheusText), as: UTF8.self)
    #expect(page.contains(#"root="",accepted="in-force"} 1"#))
    #expect(page.contains(#"closewatch_findings_accepted{rule="close-wait-leak"} 1"#))
    #expect(
      page.contains(
        #"closewatch_findings_firing{rule="close-wait-leak",severity="critical"} 0"#))
    snapshot.findings = [try finding(.expired)]
    let after = String(decoding: MetricsPage(snapshot).bytes(.prometheusText), as: UTF8.self)
    #expect(after.contains(#"root="",accepted=""} 1"#))
  }

  @Test func `history says that it was accepted, and when that was over`() throws {
    let over = try finding(.expired)
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 88) { $0.accepted = over.accepted }
    let text = HistoryText(
      told.history(), filter: HistoryFilter(since: 0),
      reach: JournalReach(readable: [], refused: []), style: TextStyle(width: 300)
    ) { _ in
      CalendarTime(year: 2027, month: 4, day: 1, hour: 0, minute: 0, second: 0, weekday: 4)
    }.text()
    #expect(
      text.contains("known     no longer accepted: its last day is over, until 2027-03-31 (ticket"))
  }
}
