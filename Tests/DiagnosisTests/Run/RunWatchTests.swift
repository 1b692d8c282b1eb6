// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Which sockets a run has left, on recorded looks.
@Suite struct RunWatchTests {
  @Test func `one accepted connection that is not closed is left, with process, age and place`() {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(.leaked(on: 8080, at: 1))
    let left = story.counted
    #expect(left.count == 1)
    #expect(left.first?.process.command == "python3")
    #expect(left.first?.isInbound == true)
    #expect(left.first?.isDead == false)
    #expect(left.first?.row?.localPort == 8080)
    #expect(left.first?.age.seconds ?? 0 >= 4.5)
    #expect(left.first?.test == nil)
  }

  @Test(
    arguments: [
      (opener: RowKnowledge.accepted, counted: 1, isInbound: true), (.opened, 0, false),
      ([], 0, nil),
    ] as [(RowKnowledge, Int, Bool?)])
  func `a connection whose listener no look saw was accepted if its counters say so`(
    _ opener: RowKnowledge, _ counted: Int, _ isInbound: Bool?
  ) {
    var story = RunStory()
    story.host.add(.leaked(on: 8080, at: 1).changed { $0.opener = opener })
    #expect(story.counted.count == counted)
    #expect(story.told().left.first?.isInbound == isInbound)
  }

  /// A listener on the port that an outgoing connection has here, at another address.
  @Test func `a listener at another address has not accepted what has its port`() {
    var story = RunStory()
    let loopback = IPAddress(ipv4: 0x7f00_0001)
    story.host.add(
      .between(Endpoint(loopback, 8080), Endpoint(loopback, 0), by: RunStory.suite)
        .enters(.listen, at: 0))
    story.host.add(.leaked(on: 8080, at: 1))
    #expect(story.told().left.map(\.isInbound) == [nil])
  }

  @Test func `which side an end is of is told by the listener that is here, or not at all`() {
    var story = RunStory()
    let loopback = IPAddress(ipv4: 0x7f00_0001)
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(
      .between(Endpoint(loopback, 0), Endpoint(loopback, 8080), by: RunStory.suite)
        .enters(.closeWait, at: 1, unread: 1))
    story.host.add(.leaked(to: 5432, at: 1))
    let sides = story.told().left.map { "\($0.row?.remotePort ?? 0) \($0.isInbound as Any)" }
    #expect(sides.sorted() == ["5432 nil", "8080 Optional(false)"])
  }

  @Test(arguments: [(3.0, 0), (2.9, 0), (3.5, 1)])
  func `within the grace a program may close`(_ closes: Double, _ expected: Int) {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(.leaked(on: 8080, at: 1).leaves(at: closes))
    #expect(story.counted.count == expected)
  }

  @Test func `what nobody could close during a pause has its grace after it`() {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(.leaked(on: 8080, at: 1).leaves(at: 8.6))
    story.host.add(
      .accepted(on: 8080, by: RunStory.suite).enters(.established, at: 0.5).dies(at: 1.1)
        .leaves(at: 8.6))
    story.pause = 1.5..<8
    story.ends = 12
    #expect(story.told().left.isEmpty)
    story.host.add(.leaked(on: 8080, at: 1))
    #expect(story.counted.count == 1)
    story.ends = 9.5
    #expect(story.told().isUndecided)
    #expect(story.counted.isEmpty)
  }

  @Test func `a search that was cut short does not exclude a socket, nor do two apart`() {
    for isCut in [true, false] {
      var story = RunStory()
      story.host.listen(8080, by: RunStory.suite)
      story.host.add(.leaked(on: 8080, at: 1))
      story.changed = { report, second in
        // Three in a row that say so, or each second one that does not.
        guard isCut ? 1...1.5 ~= second : second.truncatingRemainder(dividingBy: 0.5) == 0 else {
          return
        }
        report.holders = []
        if isCut { report.gaps = [Gap(.boundReached, detail: "cut short")] }
      }
      story.ends = 6.25
      #expect(story.counted.count == 1, "\(isCut)")
    }
  }

  @Test func `a half-closed connection over which the program still sends is in use`() {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(.leaked(on: 8080, at: 1).changed { $0.isSending = true })
    #expect(story.counted.isEmpty)
    #expect(story.told().left.isEmpty)
  }

  @Test func `what others have, and what was there before, is not of the run`() {
    var story = RunStory()
    story.host.start("nginx", pid: 900)
    story.host.listen(80, by: 900)
    story.host.add(.leaked(on: 80, by: 900, at: 1))
    story.host.add(.leaked(to: 5432, at: -5))
    var passed = ScriptedSocket.leaked(to: 5433, at: 1)
    passed.inode = 4711
    story.host.add(passed)
    story.inherited = [4711]
    story.order.isStrict = true
    #expect(story.told().left.isEmpty)
  }

  @Test func `a few outgoing ones can be a pool: told, and counted only when it is strict`() {
    var story = RunStory()
    for _ in 0..<9 { story.host.add(.leaked(to: 5432, at: 1)) }
    #expect(story.counted.isEmpty)
    #expect(story.told().left.map(\.excuse) == Array(repeating: .pool, count: 9))
    story.order.isStrict = true
    #expect(story.counted.count == 9)
  }

  @Test func `ten outgoing ones to one place are no pool, and five to each of two can be`() {
    var story = RunStory()
    for _ in 0..<10 { story.host.add(.leaked(to: 5432, at: 1)) }
    #expect(story.counted.count == 10)
    var spread = RunStory()
    for port in [5432, 6379] as [UInt16] {
      for _ in 0..<5 { spread.host.add(.leaked(to: port, at: 1)) }
    }
    #expect(spread.counted.isEmpty)
  }

  @Test func `an outgoing one with unread data is no idle pool's`() {
    var story = RunStory()
    story.host.add(
      .opened(to: 443, by: RunStory.suite).enters(.established, at: 0.5)
        .enters(.closeWait, at: 1, unread: 4000))
    #expect(story.counted.count == 1)
  }

  @Test func `a descriptor on a dead connection is left, of a server at once`() {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(
      .accepted(on: 8080, by: RunStory.suite).enters(.established, at: 0.5).dies(at: 1.1))
    let left = story.counted
    #expect(left.map(\.isDead) == [true])
    #expect(left.first?.row?.localPort == 8080)
  }

  @Test func `a dead outgoing one counts when it is strict, as one that was never seen alive`() {
    var story = RunStory()
    story.host.add(
      .opened(to: 443, by: RunStory.suite).enters(.established, at: 0.5).dies(at: 1.1))
    story.host.add(
      .opened(to: 444, by: RunStory.suite).enters(.established, at: 1.01).dies(at: 1.02))
    #expect(story.counted.isEmpty)
    story.order.isStrict = true
    let left = story.counted
    #expect(left.count == 2)
    #expect(left.contains { $0.row == nil && $0.isInbound == nil })
  }

  @Test func `one that dies after it was left is told once`() {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(.leaked(on: 8080, at: 0.5).dies(at: 3.1))
    story.ends = 8
    #expect(story.counted.count == 1)
  }

  @Test func `one that a child has inherited is told once, with who has it too`() {
    var story = RunStory()
    story.host.listen(8080, by: RunStory.suite)
    story.host.start("worker", pid: 101, parent: RunStory.suite)
    story.host.start("worker", pid: 102, parent: 101)
    story.host.add(.leaked(on: 8080, at: 1).isHeld(by: 102))
    let left = story.counted
    #expect(left.count == 1)
    #expect(left.first?.process.id.pid == RunStory.suite)
    #expect(left.first?.sharers.map(\.pid) == [102])
  }

  @Test func `what goes with its process before the grace is not left`() {
    var story = RunStory()
    story.host.start("test", pid: 101, parent: RunStory.suite, until: 2)
    story.host.add(.leaked(to: 80, by: 101, at: 1).leaves(at: 2))
    story.order.isStrict = true
    #expect(story.told().left.isEmpty)
    #expect(!story.told().isUndecided)
  }

  @Test(arguments: [
    "python3", "py*", "198.51.100.7:5432", "*:5432", "*test_query*", "198.51.?00.*",
  ])
  func `what is allowed is not counted`(_ pattern: String) {
    var story = RunStory()
    story.order.isStrict = true
    story.order.allowed = [NamePattern("nothing"), NamePattern(pattern)]
    story.tests = [("a/test_query", 0.5, true)]
    story.host.add(.leaked(to: 5432, at: 1))
    #expect(story.told().left.map(\.excuse) == [.allowed])
    story.order.allowed = [NamePattern("python"), NamePattern("5432")]
    #expect(story.counted.count == 1)
  }

  @Test func `something is undecided only while it may yet be left`() {
    var story = RunStory()
    story.order.isStrict = true
    story.host.add(.leaked(to: 80, at: 1))
    for (ends, expected) in [(0.75, false), (1.5, true), (2.75, true), (3.25, false)] {
      story.ends = ends
      #expect(story.told().isUndecided == expected, "\(ends)")
    }
  }

  @Test func `a process that may not be read is said to be unseen after the grace`() {
    var story = RunStory()
    story.host.start("sudo", pid: 101, parent: RunStory.suite, from: 1)
    story.host.unreadable = [101]
    story.ends = 2
    #expect(story.told().unseen.isEmpty)
    story.ends = 4
    #expect(story.told().unseen.map(\.command) == ["sudo"])
    #expect(!story.told().isBlind)
    story.host.unreadable = [RunStory.suite, 101]
    #expect(story.told().isBlind)
    // As it starts it can be read.
    var hiding = RunStory()
    hiding.host = HostScript()
    hiding.host.start("closewatch", pid: RunStory.watcher, from: -1)
    hiding.host.start("python3", pid: RunStory.suite, parent: RunStory.watcher, until: 0.4)
    hiding.host.start("sudo", pid: 101, parent: RunStory.watcher, from: 0.4)
    hiding.host.unreadable = [101]
    #expect(hiding.told().isBlind)
  }

  @Test func `without cookies and ages it is the addresses and the looks that tell`() {
    var story = RunStory()
    story.host.namespaces[0].source = .procNetTCP
    story.host.listen(8080, by: RunStory.suite)
    story.host.add(.leaked(on: 8080, at: 1))
    story.host.add(.leaked(on: 8080, at: 1).leaves(at: 2.5))
    #expect(story.counted.count == 1)
  }
}
