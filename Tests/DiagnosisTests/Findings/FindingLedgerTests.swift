// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// The life of findings: raised when confirmed, told again when worse by a step, retracted.
struct FindingLedgerTests {
  private func finding(
    _ id: String = "a", _ lifecycle: Lifecycle = .firing, sockets: Int = 10,
    severity: Severity = .warning, pid: Int32 = 100
  ) -> Finding {
    var finding = Finding(
      id: id, rule: .closeWaitLeak, cause: .eofUnread, lifecycle: lifecycle, severity: severity,
      namespace: HostScript.own, owner: Owner(.program, "api"), state: .closeWait,
      sockets: sockets)
    finding.culprits = [
      Culprit(
        ProcessRecord(id: ProcessID(pid: pid, startTicks: UInt64(pid))), role: .holder,
        sockets: sockets, attribution: .descriptor)
    ]
    return finding
  }

  /// What happened at each look, 10 s apart; the ledger is quiet after 30 s.
  private func events(_ looks: [[Finding]]) -> (told: [[String]], ledger: FindingLedger) {
    var ledger = FindingLedger()
    let told = looks.enumerated().map { index, candidates in
      ledger.update(candidates, at: HostScript.instant(10 * Double(index)), quietSeconds: 30)
        .map { "\($0.finding.id) \($0.kind.rawValue)" }
    }
    return (told, ledger)
  }

  @Test func `a finding is told once when it fires, not at every look`() {
    let (told, ledger) = events([[finding()], [finding()], [finding(sockets: 19)]])
    #expect(told == [["a firing"], [], []])
    #expect(ledger.findings.first?.sockets == 19)
    #expect(ledger.findings.first?.firingSince == HostScript.instant(0))
  }

  @Test func `pending is not told, and is gone when it is no more true`() {
    let (told, ledger) = events([[finding("a", .pending)], [finding("a", .pending)], []])
    #expect(told == [[], [], []])
    #expect(ledger.findings == [])
  }

  @Test func `pending that is confirmed fires from then on`() {
    let (told, ledger) = events([[finding("a", .pending)], [finding()]])
    #expect(told == [[], ["a firing"]])
    #expect(ledger.findings.first?.firingSince == HostScript.instant(10))
  }

  @Test func `it is told again when it has doubled, counted from what was told`() {
    let counts = [10, 19, 20, 39, 40, 40]
    let (told, _) = events(counts.map { [finding(sockets: $0)] })
    #expect(told == [["a firing"], [], ["a worsened"], [], ["a worsened"], []])
  }

  @Test func `it is told again when it is more severe, not when it is less`() {
    let (told, _) = events(
      [Severity.warning, .critical, .critical, .warning, .notice].map { [finding(severity: $0)] })
    #expect(told == [["a firing"], ["a worsened"], [], [], []])
  }

  @Test func `it is resolved after it was untrue for the quiet time, and told once`() {
    let (told, ledger) = events([[finding()], [], [], [], []])
    #expect(told == [["a firing"], [], [], ["a resolved"], []])
    #expect(ledger.findings.map(\.lifecycle) == [.resolved])
    #expect(ledger.findings.first?.forecast == nil)
    #expect(ledger.findings.first?.growth == nil)
  }

  @Test func `until it is resolved it says since when it is not seen, and that nothing runs out`()
    throws
  {
    var flood = finding()
    flood.forecast = Forecast(resource: .ephemeralPorts, used: 200, limit: 200)
    var (_, ledger) = events([[flood], []])
    let calm = try #require(ledger.findings.first)
    #expect(calm.lifecycle == .firing)
    #expect(calm.notSeenSince == HostScript.instant(0))
    #expect(calm.forecast == nil)
    _ = ledger.update([flood], at: HostScript.instant(20), quietSeconds: 30)
    #expect(ledger.findings.first?.notSeenSince == nil)
    #expect(ledger.findings.first?.forecast != nil)
  }

  @Test func `one that flickers stays one story`() {
    let (told, _) = events([[finding()], [], [], [finding()], [], [], [finding()]])
    #expect(told == [["a firing"], [], [], [], [], [], []])
  }

  @Test func `one in doubt fires on until it was in doubt for the quiet time`() {
    let doubt = [finding("a", .pending)]
    let (told, ledger) = events([[finding()], doubt, doubt, doubt])
    #expect(told == [["a firing"], [], [], ["a resolved"]])
    #expect(ledger.findings.map(\.lifecycle) == [.resolved])
  }

  @Test func `what was resolved comes back as the same finding`() {
    let (told, ledger) = events([[finding()], [], [], [], [finding()]])
    #expect(told.last == ["a firing"])
    #expect(ledger.findings.map(\.id) == ["a"])
    #expect(ledger.findings.first?.firingSince == HostScript.instant(40))
  }

  @Test func `what was resolved is shown for an hour`() {
    var ledger = FindingLedger()
    _ = ledger.update([finding()], at: HostScript.instant(0), quietSeconds: 30)
    _ = ledger.update([], at: HostScript.instant(30), quietSeconds: 30)
    _ = ledger.update([], at: HostScript.instant(3599), quietSeconds: 30)
    #expect(ledger.findings.count == 1)
    _ = ledger.update([], at: HostScript.instant(3600), quietSeconds: 30)
    #expect(ledger.findings == [])
  }

  @Test func `firing comes before pending before resolved, then the more severe, then the larger`()
  {
    let (_, ledger) = events([
      [finding("gone", severity: .critical)], [], [], [],
      [
        finding("small"), finding("large", sockets: 99), finding("bad", severity: .critical),
        finding("maybe", .pending, sockets: 1000, severity: .critical),
      ],
    ])
    #expect(ledger.findings.map(\.id) == ["bad", "large", "small", "maybe", "gone"])
  }

  @Test func `what runs out first comes first`() {
    var soon = finding("soon", sockets: 1)
    soon.forecast = Forecast(resource: .descriptors, used: 1, limit: 2)
    soon.forecast?.seconds = 60
    var later = finding("later", sockets: 99)
    later.forecast = soon.forecast
    later.forecast?.seconds = 600
    let (_, ledger) = events([[finding("never", sockets: 999), later, soon]])
    #expect(ledger.findings.map(\.id) == ["soon", "later", "never"])
  }

  @Test func `the last tenth of the ports is none, that of a process's descriptors is`() {
    var bad = finding("bad", severity: .critical)
    bad.forecast = Forecast(resource: .ephemeralPorts, used: 95, limit: 100)
    #expect(bad.hasRunOut)
    bad.forecast = Forecast(resource: .descriptors, used: 95, limit: 100)
    #expect(!bad.hasRunOut)
    bad.forecast?.used = 100
    #expect(bad.hasRunOut)
  }

  @Test func `two subjects of one name do not hide each other`() {
    let (told, ledger) = events([[finding(pid: 100), finding(sockets: 9, pid: 200)]])
    #expect(told.first?.count == 2)
    #expect(Set(ledger.findings.map(\.id)).count == 2)
  }

  @Test func `two subjects of one name keep their ids when the other one is the larger`() {
    let (told, ledger) = events([
      [finding(sockets: 10, pid: 100), finding(sockets: 9, pid: 200)],
      [finding(sockets: 11, pid: 200), finding(sockets: 10, pid: 100)],
      [finding(sockets: 12, pid: 200)],
    ])
    #expect(told.dropFirst() == [[], []])
    let pids = ledger.findings.sorted { $0.id < $1.id }.map { $0.culprits[0].process.id.pid }
    #expect(pids == [100, 200])
    #expect(ledger.findings.first { $0.sockets == 12 }?.id == "a#2")
  }

  @Test func `a curve has at most sixty points and keeps its first and its last`() {
    let (_, ledger) = events((0..<1000).map { [finding(sockets: 10 + $0 % 7)] })
    let history = ledger.findings.first?.history ?? []
    #expect(history.count <= 60)
    #expect(history.count >= 30)
    #expect(history.first?.at == HostScript.instant(0))
    #expect(history.last?.at == HostScript.instant(9990))
    #expect(zip(history, history.dropFirst()).allSatisfy { $0.at < $1.at })
  }
}
