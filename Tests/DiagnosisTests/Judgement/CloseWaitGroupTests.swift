// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What `close-wait-leak` and `close-wait-stuck` share: one story, told once, with both its ends.
struct CloseWaitGroupTests {
  private func leak(
    in story: inout Story, port: UInt16 = 8080, by pid: Int32 = 100, every seconds: Double = 20,
    from start: Double = 0, count: Int = 31, dyingAfter life: Double = .infinity
  ) {
    story.host.add(at: (1...count).map { start + seconds * Double($0) }) { second in
      .accepted(on: port, by: pid).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: 1).dies(at: second + life)
    }
  }

  @Test func `CLOSE_WAIT that dies stays one story with one count`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    // Keepalive ends each after 200 s; the descriptors stay.
    leak(in: &story, count: 60, dyingAfter: 200)
    story.look(every: 10, through: 805)
    let told = story.firing
    #expect(told.map(\.rule) == [.closeWaitLeak])
    // 40 began by 800; those of the last 200 s are CLOSE_WAIT, the older ones dead sockets.
    #expect(told.first?.sockets == 40)
    #expect(try #require(told.first).evidence.contains(.turnedDead(count: 30)))
  }

  @Test func `of MPTCP it is not told whether the end of the stream was read`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...40).map { 20 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second).changed { $0.isMPTCP = true }
    }
    story.look(every: 10, through: 805)
    #expect(story.firingRules == [.closeWaitLeak])
    let leak = try #require(story.firing.first)
    #expect(leak.sockets == 40)
    #expect(leak.doubts.contains(.endUnknown))
    #expect(leak.evidence.contains(.receiveQueue(zero: 0, finOnly: 0, data: 0, largest: 0)))
  }

  @Test func `both ends on one host are one finding that says which has to act`() throws {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.start("client", pid: 200)
    story.host.listen(8080, by: 100)
    let server = Endpoint(.loopbackIPv4, 8080)
    for number in 1...20 {
      let second = 20 * Double(number)
      let client = Endpoint(.loopbackIPv4, UInt16(50_000 + number))
      story.host.add(
        .between(server, client, by: 100).enters(.established, at: second - 10)
          .enters(.closeWait, at: second, unread: 1))
      story.host.add(
        .between(client, server, by: 200).enters(.established, at: second - 10)
          .enters(.finWait2, at: second))
    }
    story.look(every: 10, through: 500)
    #expect(story.firingRules == [.closeWaitLeak])
    let leak = try #require(story.firing.first)
    #expect(leak.holders == [100])
    #expect(leak.pids(.peer) == [200])
    #expect(story.finding(.finWait2Owned) == nil)
  }

  @Test func `the other end is named across two namespaces of the host`() throws {
    var story = Story()
    story.host.namespaces.append(NamespaceSample(id: HostScript.other))
    story.host.start("api", pid: 100)
    story.host.start("client", pid: 200)
    story.host.listen(8080, by: 100)
    let server = Endpoint(HostScript.here, 8080)
    for number in 1...20 {
      let second = 20 * Double(number)
      let client = Endpoint(HostScript.elsewhere, UInt16(50_000 + number))
      story.host.add(
        .between(server, client, by: 100).enters(.established, at: second - 10)
          .enters(.closeWait, at: second, unread: 1))
      story.host.add(
        .between(client, server, by: 200).enters(.established, at: second - 10)
          .enters(.finWait2, at: second).in(HostScript.other))
    }
    story.look(every: 10, through: 500)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(try #require(story.firing.first).pids(.peer) == [200])
  }

  @Test func `equal loopback addresses in two namespaces are two connections`() throws {
    var story = Story()
    story.host.namespaces.append(NamespaceSample(id: HostScript.other))
    story.host.start("api", pid: 100)
    story.host.start("client", pid: 200)
    story.host.listen(8080, by: 100)
    let server = Endpoint(.loopbackIPv4, 8080)
    for number in 1...20 {
      let second = 20 * Double(number)
      let client = Endpoint(.loopbackIPv4, UInt16(50_000 + number))
      story.host.add(
        .between(server, client, by: 100).enters(.established, at: second - 10)
          .enters(.closeWait, at: second, unread: 1))
      story.host.add(
        .between(client, server, by: 200).enters(.established, at: second - 10)
          .enters(.finWait2, at: second).in(HostScript.other))
    }
    story.look(every: 10, through: 500)
    let leak = try #require(story.firing.first { $0.rule == .closeWaitLeak })
    #expect(leak.pids(.peer) == [])
  }

  @Test func `a hundred a second are found within seconds, not after the patience`() throws {
    var story = Story()
    story.host.start("api", pid: 100, limit: 65_536)
    story.host.listen(8080, by: 100)
    leak(in: &story, every: 0.01, count: 3000)
    story.look(every: 1, through: 30)
    let leak = try #require(story.firing.first)
    #expect(leak.rule == .closeWaitLeak)
    #expect(leak.severity == .critical)
    #expect(story.events.first.map { $0.at.seconds(since: HostScript.instant(0)) <= 20 } ?? false)
  }

  @Test func `holders that can't be read are said to be unknown, and nobody else is blamed`() throws
  {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.start("sshd", pid: 22, unit: "ssh.service")
    story.host.listen(8080, by: 100)
    story.host.listen(22, by: 22)
    story.host.add(.accepted(on: 22, by: 22).enters(.established, at: 1))
    leak(in: &story)
    story.host.unreadable = [100]
    story.look(every: 10, through: 400)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(leak.culprits == [])
    #expect(leak.owner == .unseen)
    // The same when every process can be read.
    #expect(leak.id.hasPrefix("close-wait-leak/kernel:no process"))
    #expect(leak.doubts == [.holdersIncomplete])
    #expect(leak.forecast == nil)
    #expect(leak.examples.allSatisfy { $0.holder == nil })
  }

  @Test func `a process that can't be read is no doubt about sockets that others hold`() throws {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.start("init", pid: 1)
    story.host.listen(8080, by: 100)
    leak(in: &story)
    story.host.unreadable = [1]
    story.look(every: 10, through: 400)
    let leak = try #require(story.firing.first)
    #expect(leak.culprits.first?.process.id.pid == 100)
    #expect(leak.doubts == [])
  }

  @Test func `two services that leak on two ports are two findings`() {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.start("web", pid: 200, unit: "web.service")
    story.host.listen(8080, by: 100)
    story.host.listen(9090, by: 200)
    leak(in: &story)
    leak(in: &story, port: 9090, by: 200, from: 3)
    story.look(every: 10, through: 400)
    #expect(
      story.firing.map(\.id).sorted() == [
        "close-wait-leak/unit:api.service/:8080", "close-wait-leak/unit:web.service/:9090",
      ])
  }

  @Test func `an unrelated process changes nothing`() {
    var alone = Story()
    alone.host.start("api", pid: 100)
    alone.host.listen(8080, by: 100)
    leak(in: &alone)
    var crowded = alone
    crowded.host.start("db", pid: 300)
    crowded.host.listen(5432, by: 300)
    crowded.host.add(at: stride(from: 1, through: 400, by: 3)) { second in
      .accepted(on: 5432, by: 300).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: 1).leaves(at: second + 5)
    }
    alone.look(every: 10, through: 400)
    crowded.look(every: 10, through: 400)
    #expect(alone.firing == crowded.firing)
    #expect(alone.events == crowded.events)
  }
}
