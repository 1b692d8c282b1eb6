// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// What an event looks like in the journal.
@Suite struct JournalEntryTests {
  private static func entry(
    _ kind: FindingEvent.Kind, _ change: (inout Finding) -> Void = { _ in }
  ) -> JournalEntry {
    var finding = FoundLeak.closeWait(lifecycle: kind == .resolved ? .resolved : .firing)
    change(&finding)
    return JournalEntry(
      FindingEvent(kind: kind, at: BootInstant(seconds: 1000), finding: finding))
  }

  private static func value(_ name: String, in entry: JournalEntry) -> String? {
    entry.fields.first { $0.name == name }?.value
  }

  @Test func `an event has every field that its finding can fill`() {
    let entry = Self.entry(.firing)
    let expected = [
      "MESSAGE": """
      close-wait-leak firing (warning): python3[4711] in api.service: 88 sockets in CLOSE_WAIT, \
      local port 18080, growing by 3.0/s, the oldest at least 29 s, out of descriptors in 5 min; \
      closed by the clients, and nobody has noticed (eof-unread)
      """,
      "PRIORITY": "4", "SYSLOG_IDENTIFIER": "closewatch", "OBJECT_PID": "4711",
      "DOCUMENTATION": "man:closewatch(1)", "CLOSEWATCH_EVENT": "firing",
      "CLOSEWATCH_FINDING_ID": "close-wait-leak:a", "CLOSEWATCH_RULE": "close-wait-leak",
      "CLOSEWATCH_CAUSE": "eof-unread", "CLOSEWATCH_STATE": "CLOSE_WAIT",
      "CLOSEWATCH_SEVERITY": "warning", "CLOSEWATCH_OWNER": "api.service",
      "CLOSEWATCH_OWNER_KIND": "unit", "CLOSEWATCH_SOCKETS": "88",
      "CLOSEWATCH_PEAK": "88",
      "CLOSEWATCH_NETNS": "4026531840", "CLOSEWATCH_LOCAL_PORT": "18080",
      "CLOSEWATCH_REMOTE": "203.0.113.9", "CLOSEWATCH_DOUBT": "ages-are-bounds",
      "CLOSEWATCH_RATE_PER_SECOND": "3.020", "CLOSEWATCH_RATE_LOW": "2.800",
      "CLOSEWATCH_RATE_HIGH": "3.200", "CLOSEWATCH_OLDEST_SECONDS": "29.400",
      "CLOSEWATCH_OLDEST_BOUND": "at-least", "CLOSEWATCH_FIRING_SECONDS": "12.000",
      "CLOSEWATCH_FORECAST_RESOURCE": "descriptors", "CLOSEWATCH_FORECAST_USED": "112",
      "CLOSEWATCH_FORECAST_LIMIT": "1024", "CLOSEWATCH_FORECAST_SECONDS": "302.000",
      "CLOSEWATCH_PID": "4711", "CLOSEWATCH_COMMAND": "python3",
      "CLOSEWATCH_UNIT": "api.service", "CLOSEWATCH_RUNTIME": "python",
      "CLOSEWATCH_DESCRIPTORS": "112", "CLOSEWATCH_DESCRIPTOR_LIMIT": "1024",
    ]
    for field in entry.fields where field.name != "MESSAGE_ID" {
      #expect(expected[field.name] == field.value, "\(field.name)")
    }
    #expect(Set(entry.fields.map(\.name)) == Set(expected.keys).union(["MESSAGE_ID"]))
  }

  @Test func `a field name is one that the journal takes from a program`() {
    for field in Self.entry(.worsened).fields {
      let isPlain = field.name.utf8.allSatisfy { (65...90).contains($0) || $0 == 95 }
      #expect(isPlain && !field.name.hasPrefix("_"), "\(field.name)")
    }
  }

  @Test func `what has ended names no process that journald would look up`() {
    let entry = Self.entry(.resolved)
    #expect(Self.value("OBJECT_PID", in: entry) == nil)
    #expect(Self.value("CLOSEWATCH_PID", in: entry) == "4711")
    #expect(Self.value("PRIORITY", in: entry) == "5")
    #expect(
      Self.value("MESSAGE", in: entry)
        == "close-wait-leak resolved after 12 s: python3[4711] in api.service, local port 18080; "
        + "it was 88 sockets in CLOSE_WAIT at its peak")
  }

  @Test(arguments: [
    (FindingEvent.Kind.firing, Severity.notice, "5"), (.worsened, .notice, "5"),
    (.firing, .warning, "4"), (.firing, .critical, "2"), (.worsened, .critical, "2"),
    (.resolved, .critical, "5"), (.resolved, .notice, "6"),
  ])
  func `the priority is the severity in syslog's numbers`(
    _ kind: FindingEvent.Kind, _ severity: Severity, _ priority: String
  ) {
    let entry = Self.entry(kind) { $0.severity = severity }
    #expect(Self.value("PRIORITY", in: entry) == priority)
  }

  @Test func `a program's name cannot forge a line or a colour`() {
    let entry = Self.entry(.firing) { finding in
      finding.culprits[0].process.command = "a\nPRIORITY=0\u{1b}[2J"
    }
    for field in entry.fields {
      #expect(!field.value.unicodeScalars.contains { $0.value < 0x20 }, "\(field.name)")
    }
    #expect(Self.value("CLOSEWATCH_COMMAND", in: entry) == "a?PRIORITY=0?[2J")
  }

  @Test func `a finding without a process has no field of one`() {
    let entry = Self.entry(.firing) { finding in
      finding.culprits = []
      finding.owner = Owner(.kernel, "")
      finding.forecast = nil
      finding.growth = nil
      finding.oldest = nil
    }
    for name in ["OBJECT_PID", "CLOSEWATCH_PID", "CLOSEWATCH_UNIT", "CLOSEWATCH_FORECAST_SECONDS"] {
      #expect(Self.value(name, in: entry) == nil, "\(name)")
    }
    #expect(Self.value("MESSAGE", in: entry)?.contains(": no process: 88 sockets") == true)
  }
}
