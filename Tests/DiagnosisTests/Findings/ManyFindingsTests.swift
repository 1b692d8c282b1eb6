// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// More findings than anybody can read: the worst are kept, those of one owner are told together,
/// and what was left out is counted.
struct ManyFindingsTests {
  private func finding(
    _ number: Int, of owner: String, _ severity: Severity = .warning,
    _ lifecycle: Lifecycle = .firing
  ) -> Finding {
    var finding = Finding(
      id: "close-wait-stuck/program:\(owner)/:\(number)", rule: .closeWaitStuck,
      cause: .eofUnread, lifecycle: lifecycle, severity: severity, namespace: HostScript.own,
      owner: Owner(.program, owner), state: .closeWait, sockets: 10 + number % 7)
    finding.localPort = UInt16(2000 + number)
    finding.culprits = [
      Culprit(
        ProcessRecord(id: ProcessID(pid: 900, startTicks: 7)), role: .holder,
        sockets: finding.sockets, attribution: .descriptor)
    ]
    return finding
  }

  private func update(
    _ ledger: inout FindingLedger, _ findings: [Finding], look: Int
  ) -> [FindingEvent] {
    ledger.update(findings, at: HostScript.instant(10 * Double(look)), quietSeconds: 30)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `whatever the order, nothing critical gives way to anything less`(seed: UInt64) {
    var dice = SeededGenerator(seed: seed)
    var ledger = FindingLedger()
    var all: [Finding] = []
    for look in 0..<6 {
      all += (0..<400).map { index in
        let number = 400 * look + index
        return finding(
          number, of: "app-\(number)",
          [.notice, .warning, .warning, .critical].randomElement(using: &dice) ?? .notice,
          Bool.random(using: &dice) ? .firing : .pending)
      }
      all.shuffle(using: &dice)
      _ = update(&ledger, all, look: look)
      let kept = ledger.findings
      let least = kept.map(\.severity).min() ?? .critical
      #expect(kept.count == min(1024, all.count))
      #expect(ledger.leftOut.count == all.count - kept.count)
      #expect(ledger.leftOut.worst ?? .notice <= least)
      let critical = Set(all.filter { $0.severity == .critical }.map(\.id))
      #expect(critical.isSubset(of: kept.map(\.id)))
    }
  }

  @Test func `one that has to give way is told to have ended, and how`() throws {
    var ledger = FindingLedger()
    let many = (0..<1024).map { finding($0, of: "app-\($0)") }
    _ = update(&ledger, many, look: 0)
    let events = update(
      &ledger, many + [finding(5000, of: "victim", .critical)], look: 1)
    #expect(events.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.firing, .resolved])
    let ended = try #require(events.first { $0.kind == .resolved })
    #expect(ended.finding.end?.how == .leftOut)
    #expect(ledger.findings.first?.owner.name == "victim")
    #expect(ledger.leftOut.count == 1)
    // It stays so, without another word.
    let again = many + [finding(5000, of: "victim", .critical)]
    #expect(update(&ledger, again, look: 2) == [])
  }

  @Test func `a thousand ports of one owner are nine findings, and every socket is counted`() throws
  {
    var ledger = FindingLedger()
    let many = (0..<1100).map { finding($0, of: "noise", $0 == 700 ? .critical : .warning) }
    let events = update(&ledger, many, look: 0)
    #expect(events.count == 9)
    #expect(ledger.findings.count == 9)
    #expect(ledger.leftOut.worst == nil)
    let sockets = many.reduce(0) { $0 + $1.sockets }
    #expect(ledger.findings.reduce(0) { $0 + $1.sockets } == sockets)
    #expect(ledger.findings.first?.localPort == 2700)
    let rest = try #require(ledger.findings.first { $0.localPort == nil })
    #expect(rest.culprits.map(\.sockets) == [rest.sockets])
    guard case .manyPorts(1092, _?) = rest.evidence.first else {
      Issue.record("it does not say how many ports these are: \(rest.evidence)")
      return
    }
    #expect(update(&ledger, many.reversed(), look: 1) == [])
  }

  @Test(arguments: [1, 2] as [Int32])
  func `only what grows in one process reaches the limit of it`(processes: Int32) throws {
    var ledger = FindingLedger()
    let growing = (0..<20).map { number in
      var finding = finding(number, of: "noise")
      finding.culprits[0].process.id.pid += Int32(number) % processes
      finding.growth = Rate(perSecond: 1, low: 1, high: 1)
      finding.forecast = Forecast(resource: .descriptors, used: 400, limit: 1024)
      finding.forecast?.seconds = 624
      return finding
    }
    _ = update(&ledger, growing, look: 0)
    let fold = try #require(ledger.findings.first { $0.localPort == nil })
    // Twelve grow at one a second each.
    #expect(fold.forecast?.seconds == (processes == 1 ? 52 : 624))
  }

  @Test func `the dead sockets of all ports are in the fold's number`() throws {
    var ledger = FindingLedger()
    let findings = (0..<20).map { number in
      var finding = finding(number, of: "app")
      finding.evidence.append(.turnedDead(count: 2))
      return finding
    }
    _ = update(&ledger, findings, look: 0)
    let fold = try #require(ledger.findings.first { $0.localPort == nil })
    #expect(fold.turnedDead == 2 * 12)
  }

  @Test func `the fold is as bad as the worst in it, and says that it has become so`() throws {
    var ledger = FindingLedger()
    var many = (0..<20).map { finding($0, of: "noise") }
    _ = update(&ledger, many, look: 0)
    let single = Set(ledger.findings.compactMap(\.localPort))
    let folded = try #require(many.firstIndex { !single.contains($0.localPort ?? 0) })
    many[folded] = finding(folded, of: "noise", .critical)
    let events = update(&ledger, many, look: 1)
    #expect(events.map(\.kind) == [.worsened])
    #expect(ledger.findings.first?.localPort == nil)
    #expect(ledger.findings.first?.severity == .critical)
  }

  @Test func `what was told one by one goes on so, and what is beyond goes into the fold`() {
    var ledger = FindingLedger()
    let nine = (0..<9).map { finding($0, of: "noise") }
    #expect(update(&ledger, nine, look: 0).count == 9)
    let events = update(&ledger, (0..<12).map { finding($0, of: "noise") }, look: 1)
    #expect(events.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.firing, .resolved])
    #expect(
      events.first { $0.kind == .resolved }?.finding.end?.how
        == .continued(id: "close-wait-stuck/program:noise/more-ports"))
    // With fewer it stays a fold: none is told in both.
    #expect(update(&ledger, nine, look: 2) == [])
    #expect(ledger.findings.count == 9)
  }

  @Test func `few ports, and many of different owners or rules, stay single`() {
    var ledger = FindingLedger()
    let few = (0..<9).map { finding($0, of: "api") }
    let others = (0..<30).map { finding(100 + $0, of: "app-\($0)") }
    _ = update(&ledger, few + others, look: 0)
    #expect(ledger.findings.count == 39)
  }

  @Test func `a thousand small blocks do not hide a service that runs out`() {
    var story = Story()
    story.host.start("noise", pid: 900, limit: 524_288)
    story.host.start("victim", pid: 812, unit: "victim.service") { _ in 20 }
    story.host.listen(443, by: 812)
    for port in UInt16(2000)..<3100 {
      story.host.listen(port, by: 900)
      story.host.add(at: (0..<12).map { Double($0) }) { second in
        .accepted(on: port, by: 900).enters(.established, at: second)
          .enters(.closeWait, at: second, unread: 1)
      }
    }
    story.host.add(at: (0..<900).map { 60 + Double($0) / 5 }) { second in
      .accepted(on: 443, by: 812).enters(.established, at: second)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 30, through: 240)
    #expect(story.firing.first?.owner == Owner(.unit, "victim.service"))
    #expect(story.firing.first?.severity == .critical)
    #expect(story.firing.count < 20)
  }
}
