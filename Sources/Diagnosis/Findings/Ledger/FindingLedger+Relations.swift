// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What is noted of findings after all have been judged.
extension FindingLedger {
  /// Notes which findings are accepted, and reports those that no longer are: their time is over,
  /// or there are twice as many.
  mutating func accept(
    _ acceptances: [Acceptance], in census: Census, _ events: [FindingEvent]
  ) -> [FindingEvent] {
    var told = events
    revise { finding in
      guard finding.lifecycle != .resolved else { return }
      let before = finding.accepted
      finding.accepted = Accepted(
        finding, by: acceptances, at: census.sample.wallClockSeconds)
      guard before?.standing == .inForce, let now = finding.accepted, now.standing != .inForce
      else { return }
      finding.changes.add(.acceptanceOver(now.standing), at: census.now)
      if !events.contains(where: { $0.finding.id == finding.id }) {
        told.append(FindingEvent(kind: .worsened, at: census.now, finding: finding))
      }
    }
    return told
  }

  /// Notes which findings follow from which, and says so in what has happened to them. A root is
  /// as bad as the worst that follows from it.
  mutating func relate(_ relations: Relations, _ events: [FindingEvent]) -> [FindingEvent] {
    revise { finding in
      guard finding.lifecycle != .resolved else { return }
      finding.becauseOf = relations.becauseOf[finding.id]
    }
    var worst: [String: Severity] = [:]
    for finding in findings where finding.lifecycle == .firing {
      var above = relations.becauseOf[finding.id]
      while let root = above {
        worst[root] = max(worst[root] ?? finding.severity, finding.severity)
        above = relations.becauseOf[root]
      }
    }
    revise { finding in
      if let severity = worst[finding.id] { finding.severity.raise(to: severity) }
    }
    let known = Dictionary(findings.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    return events.map { event in
      var event = event
      guard let finding = known[event.finding.id], event.kind != .resolved else { return event }
      (event.finding.becauseOf, event.finding.severity) = (finding.becauseOf, finding.severity)
      event.finding.accepted = finding.accepted
      return event
    }
  }
}
