// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// A finding event as fields of the journal: systemd.journal-fields(7). A field that has no value
/// is left out; one that has several comes several times.
package struct JournalEntry: Hashable, Sendable {
  /// One field. The value may be any bytes; names are upper-case letters, digits and `_`.
  package struct Field: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package private(set) var fields: [Field] = []

  /// Tells an event: what the journal itself goes by, then what ``JournalEvent`` reads again.
  package init(_ event: FindingEvent) {
    add("MESSAGE", EventMessage.line(event))
    let ids = event.finding.rule.guide.messageIDs
    add("MESSAGE_ID", ids[event.kind, event.finding.cause])
    add("PRIORITY", String(Self.priority(event)))
    add("SYSLOG_IDENTIFIER", "closewatch")
    add("DOCUMENTATION", "man:closewatch(1)")
    let told = JournalEvent(event)
    // OBJECT_PID makes journald look the process up: not one that need not live any more.
    if let actor = told.actor, event.kind != .resolved { add("OBJECT_PID", String(actor.pid)) }
    fields += told.fields
  }

  private mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// syslog(3). What has ended is never more than a notice.
  private static func priority(_ event: FindingEvent) -> Int {
    // What somebody has said that he knows is for the record.
    if event.finding.isAccepted { return 6 }
    return switch (event.kind, event.finding.severity) {
    case (.resolved, .notice): 6
    case (.resolved, _), (_, .notice): 5
    case (_, .warning): 4
    case (_, .critical): 2
    }
  }
}
