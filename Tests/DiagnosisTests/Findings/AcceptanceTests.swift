// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

/// A finding that is known and accepted for a time.
struct AcceptanceTests {
  /// 1,700,000,000 s after 1970, second 0 of a story, is 2023-11-14 22:13:20 UTC.
  private func accepted(
    until: String = "2023-11-15", owner: String = "api.service",
    rule: RuleID = .closeWaitStuck, queueLimit: UInt32 = 128
  ) throws -> Story {
    let day = try #require(CalendarDay(until))
    var story = Story {
      $0.accepted = [Acceptance(owner: owner, rule: rule, reason: "ticket 812", until: day)]
    }
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100, queueLimit: queueLimit)
    story.host.add(at: (1...20).map { Double($0) / 10 }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second)
    }
    return story
  }

  @Test func `what is accepted fires, and counts nowhere`() throws {
    var story = try accepted()
    story.look(every: 10, through: 300)
    let finding = try #require(story.firing.first)
    #expect(finding.rule == .closeWaitStuck)
    #expect(finding.isAccepted)
    #expect(finding.accepted?.acceptance.reason == "ticket 812")
    #expect(finding.accepted?.sockets == 20)
    #expect(story.firing.roots.isEmpty)
    #expect(story.events.map(\.kind) == [.firing])
    #expect(story.events.first?.finding.isAccepted ?? false)
  }

  @Test(arguments: [("other.service", RuleID.closeWaitStuck), ("api.service", .closeWaitLeak)])
  func `another owner or another rule is not`(owner: String, rule: RuleID) throws {
    var story = try accepted(owner: owner, rule: rule)
    story.look(every: 10, through: 300)
    #expect(try #require(story.firing.first).accepted == nil)
    #expect(story.firing.roots.count == 1)
  }

  @Test func `an owner is meant by its file or its whole id as well`() {
    let program = Owner(.program, "python3.11 app.py")
    #expect(program.isMeant(by: "python3.11 app.py"))
    #expect(program.isMeant(by: "python3.11"))
    for other in ["python3", "app.py", "python3.11 app", ""] {
      #expect(!program.isMeant(by: other))
    }
    let id = String(repeating: "4f9c2b7e", count: 8)
    let container = Owner(.container, String(id.prefix(12)))
    #expect(container.isMeant(by: id))
    #expect(!container.isMeant(by: String(id.reversed())))
    #expect(!container.isMeant(by: String(id.prefix(8))))
    #expect(!Owner(.unit, "api x.service").isMeant(by: "api"))
  }

  @Test(arguments: [
    ("python3 app.py", true), ("app.py", true), ("python3", true), ("python3.11 app.py", true),
    ("app", false), ("[7]", false), ("", false), ("psql", false),
  ])
  func `a program is meant as its process is shown`(name: String, isMeant: Bool) {
    var finding = Finding(
      id: "0", rule: .closeWaitLeak, cause: .eofReadNotClosed, lifecycle: .firing,
      severity: .warning, namespace: NetnsID(rawValue: 1),
      owner: Owner(.program, "python3.11 app.py"), state: .closeWait, sockets: 3)
    var process = ProcessRecord(id: ProcessID(pid: 7, startTicks: 1))
    (process.command, process.main, process.runtime) = ("python3", "app.py", .python)
    var peer = ProcessRecord(id: ProcessID(pid: 8, startTicks: 1))
    peer.command = "psql"
    finding.culprits = [
      Culprit(process, role: .holder, sockets: 3, attribution: .descriptor),
      Culprit(peer, role: .peer, sockets: 3, attribution: .descriptor),
    ]
    #expect(finding.isOwner(meantBy: name) == isMeant)
  }

  @Test func `when its last day is over it is told`() throws {
    var story = try accepted(until: "2023-11-14")
    story.look(every: 100, through: 6300)
    #expect(try #require(story.firing.first).isAccepted)
    #expect(story.events.map(\.kind) == [.firing])
    story.look(every: 100, from: 6400, through: 6600)
    let finding = try #require(story.firing.first)
    #expect(finding.accepted?.standing == .expired)
    #expect(story.events.map(\.kind) == [.firing, .worsened])
    #expect(story.events.last?.finding.accepted?.standing == .expired)
    #expect(story.firing.roots.count == 1)
  }

  @Test func `twice as many as were accepted are told once`() throws {
    var story = try accepted()
    story.look(every: 10, through: 300)
    story.host.add(at: (1...25).map { 300 + Double($0) / 10 }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second)
    }
    story.look(every: 10, from: 310, through: 900)
    let finding = try #require(story.firing.first)
    #expect(finding.accepted?.standing == .doubled)
    #expect(story.events.map(\.kind) == [.firing, .worsened])
    #expect(story.firing.roots.count == 1)
  }

  @Test func `what follows from something accepted stands for itself`() throws {
    var story = try accepted(queueLimit: 4)
    story.host.add(at: [1, 2, 3, 4, 5]) { second in
      .accepted(on: 8080, by: nil).enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 10, through: 300)
    #expect(try #require(story.finding(.closeWaitStuck)).isAccepted)
    #expect(try #require(story.finding(.acceptQueueStall)).becauseOf == nil)
    #expect(story.firing.roots.map(\.rule) == [.acceptQueueStall])
  }

  @Test(arguments: [
    ("2023-11-14", 1_700_006_400.0), ("1970-01-01", 86_400), ("2024-02-29", 1_709_251_200),
  ])
  func `a day ends at midnight UTC`(text: String, seconds: Double) throws {
    let day = try #require(CalendarDay(text))
    #expect(day.endsAtSeconds == seconds)
    #expect(day.description == text)
  }

  @Test(arguments: ["2023-02-29", "2023-13-01", "2023-1-1", "soon", "", "2023-11-31", "+023-11-01"])
  func `a day that the calendar does not have is none`(text: String) {
    #expect(CalendarDay(text) == nil)
  }
}
