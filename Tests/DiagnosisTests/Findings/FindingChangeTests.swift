// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What the ledger remembers of the life of a finding.
@Suite struct FindingChangeTests {
  private struct Look {
    var lifecycle = Lifecycle.firing
    var sockets = 10
    var severity = Severity.warning
    var pids: [Int32] = [100]
    var isThere = true
  }

  private func finding(_ look: Look) -> Finding {
    var finding = Finding(
      id: "a", rule: .closeWaitLeak, cause: .eofUnread, lifecycle: look.lifecycle,
      severity: look.severity, namespace: HostScript.own, owner: Owner(.program, "api"),
      state: .closeWait, sockets: look.sockets)
    // A process that starts later has the higher pid here.
    finding.culprits = look.pids.map { pid in
      Culprit(
        ProcessRecord(id: ProcessID(pid: pid, startTicks: UInt64(pid))), role: .holder,
        sockets: look.sockets, attribution: .descriptor)
    }
    return finding
  }

  /// A look every 10 s; the ledger is quiet after 10 s.
  private func last(_ looks: [Look]) -> Finding? {
    var ledger = FindingLedger()
    for (index, look) in looks.enumerated() {
      _ = ledger.update(
        look.isThere ? [finding(look)] : [], at: HostScript.instant(10 * Double(index)),
        quietSeconds: 10)
    }
    return ledger.findings.first
  }

  private func story(_ looks: [Look]) -> [String] {
    (last(looks)?.changes ?? []).map { change in
      let second = Int(change.at.seconds(since: HostScript.instant(0)).rounded())
      let what =
        switch change.kind {
        case .appeared(let sockets): "appeared \(sockets)"
        case .fired(let sockets): "fired \(sockets)"
        case .doubled(let sockets): "doubled \(sockets)"
        case .severity(let severity): severity.name
        case .replaced(let was, let now): "\(was.pid) to \(now.pid)"
        case .acceptanceOver(let standing): standing.rawValue
        case .ended: "ended"
        }
      return "\(second): \(what)"
    }
  }

  @Test func `it appears, fires, doubles, becomes worse and ends`() {
    let looks = [
      Look(lifecycle: .pending, sockets: 4), Look(), Look(sockets: 19), Look(sockets: 20),
      Look(sockets: 21, severity: .critical), Look(isThere: false), Look(isThere: false),
    ]
    #expect(
      story(looks) == [
        "0: appeared 4", "10: fired 10", "30: doubled 20", "40: critical", "50: ended",
      ])
    #expect(last(looks)?.firstSeen == HostScript.instant(0))
    #expect(last(looks)?.firingSince == HostScript.instant(10))
  }

  @Test func `one that comes back within the hour goes on with its story`() {
    let looks = [Look(), Look(isThere: false), Look(isThere: false), Look(sockets: 7)]
    #expect(story(looks) == ["0: fired 10", "10: ended", "30: fired 7"])
  }

  @Test func `a younger process in the place of the old one is a change`() {
    #expect(story([Look(), Look(pids: [200])]) == ["0: fired 10", "10: 100 to 200"])
  }

  @Test func `workers that only change places, and an older one, are none`() {
    #expect(story([Look(pids: [100, 200]), Look(pids: [200, 100])]) == ["0: fired 10"])
    #expect(story([Look(pids: [200]), Look(pids: [100])]) == ["0: fired 10"])
  }

  @Test func `of a long story the beginning and the end are remembered`() {
    let doubling = (0..<20).map { Look(sockets: 10 << $0) }
    let changes = story([Look(lifecycle: .pending)] + doubling)
    #expect(changes.count == 8)
    #expect(changes.prefix(2) == ["0: appeared 10", "10: fired 10"])
    #expect(changes.last == "200: doubled \(10 << 19)")
  }
}
