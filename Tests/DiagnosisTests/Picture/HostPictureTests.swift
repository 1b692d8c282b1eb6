// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@Suite struct HostPictureTests {
  /// The picture after looks every 10 s until `end`, with a patience of 120 s.
  private func picture(
    _ host: HostScript, from start: Double = 0, until end: Double = 300
  ) throws -> HostPicture {
    var watch = Watch(settings: RuleSettings())
    for second in stride(from: start, through: end, by: 10) {
      let search = watch.advance(with: host.sample(at: second))
      watch.attribute(host.report(to: search, at: second), to: search)
    }
    let census = try #require(watch.census)
    return HostPicture(census, patienceSeconds: watch.settings.patienceSeconds)
  }

  private func stuck(_ picture: HostPicture) -> [OwnerAccount] {
    picture.owners.filter { $0.allStuck > 0 }.ordered(by: \.allStuck)
  }

  private func host(_ count: Int) -> HostScript {
    var host = HostScript()
    let api = host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: api)
    for _ in 0..<count {
      host.add(.accepted(on: 8080, by: api).enters(.closeWait, at: 5, unread: 1))
    }
    return host
  }

  @Test func `sockets past the patience are counted for their unit, since they were stuck`() throws
  {
    let found = stuck(try picture(host(7)))
    #expect(found.map(\.owner) == [Owner(.unit, "api.service")])
    #expect(found[0].stuck == StateCounts([.closeWait: 7]))
    let oldest = try #require(found[0].oldestStuck)
    #expect(abs(oldest.seconds(since: HostScript.instant(5))) < 0.1)
    // 12 files, the listener and 7 connections.
    #expect(found[0].descriptors == DescriptorUse(used: 20, limit: 1024))
    #expect(found[0].allStuck == 7)
  }

  @Test func `the oldest is the oldest, wherever its row stands in the table`() throws {
    var host = HostScript()
    let api = host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: api)
    for second in [90.0, 5, 60] {
      host.add(.accepted(on: 8080, by: api).enters(.closeWait, at: second, unread: 1))
    }
    // From the first look on, all three: the table is in the order above.
    let oldest = try #require(stuck(try picture(host, from: 100))[0].oldestStuck)
    #expect(abs(oldest.seconds(since: HostScript.instant(5))) < 0.1)
  }

  @Test func `sockets that were counted and not kept are in the sums, and nobody's`() throws {
    var host = self.host(7)
    host.listen(9090, by: host.start("web", pid: 200, unit: "web.service"))
    var watch = Watch(settings: RuleSettings())
    var sample = host.sample(at: 100)
    let namespace = try #require(sample.namespaces.first).id
    sample.leftOut = [RowsLeftOut(namespace, .timeWait, count: 1_500_000)]
    let search = watch.advance(with: sample)
    watch.attribute(host.report(to: search, at: 100), to: search)
    let picture = HostPicture(try #require(watch.census), patienceSeconds: 120)
    #expect(picture.states[.timeWait] == 1_500_000)
    #expect(picture.states[.closeWait] == 7)
    let owned = picture.owners.reduce(into: StateCounts()) { $0 += $1.states }
    #expect(owned == picture.states)
  }

  @Test func `within the patience nobody is stuck, and all wait`() throws {
    let picture = try picture(host(7), until: 120)
    #expect(stuck(picture).isEmpty)
    #expect(picture.owners.map(\.waiting) == [7])
  }

  @Test func `an owner that has most comes first, and processes of one unit are one owner`() throws
  {
    var host = host(3)
    let worker = host.start("worker", pid: 200, unit: "job.service")
    let other = host.start("worker", pid: 201, unit: "job.service")
    host.listen(9090, by: worker)
    host.listen(9091, by: other)
    for _ in 0..<2 {
      host.add(.accepted(on: 9090, by: worker).enters(.closeWait, at: 5, unread: 1))
      host.add(.accepted(on: 9091, by: other).enters(.closeWait, at: 5, unread: 1))
    }
    let found = stuck(try picture(host))
    #expect(found.map(\.owner.name) == ["job.service", "api.service"])
    #expect(found.map(\.allStuck) == [4, 3])
    #expect(found.map(\.processes) == [2, 1])
  }

  @Test func `of several processes the one nearest to its limit shows its descriptors`() throws {
    var host = host(3)
    let small = host.start("api", pid: 101, unit: "api.service", limit: 32)
    host.listen(8081, by: small)
    host.add(.accepted(on: 8081, by: small).enters(.closeWait, at: 5, unread: 1))
    let found = stuck(try picture(host))
    #expect(found.map(\.allStuck) == [4])
    #expect(found[0].descriptors == DescriptorUse(used: 14, limit: 32))
  }

  @Test func `what nobody has accepted is charged to who listens`() throws {
    var host = host(0)
    host.add(.accepted(on: 8080, by: nil).enters(.closeWait, at: 5, unread: 1))
    let found = stuck(try picture(host))
    #expect(found.map(\.owner.name) == ["api.service"])
    #expect(found[0].states[.closeWait] == 1)
  }

  @Test func `an orphan in FIN_WAIT2 is not stuck: the kernel ends it by a timer`() throws {
    var row = SocketRow()
    row.state = .finWait2
    row.timer = .timeWait
    #expect(Waiting.Kind(row) == nil)
    row.inode = 7
    #expect(Waiting.Kind(row) == .halfClosed)
  }

  /// A client's half-closed connections: those to a server here whose leak is told need no words of
  /// their own, one to the same port elsewhere does.
  @Test func `what waits for a socket that is told is told with it, and nothing else`() throws {
    var story = Story()
    story.host.start("server", pid: 200)
    story.host.start("client", pid: 300)
    story.host.listen(8080, by: 200)
    let server = Endpoint(HostScript.here, 8080)
    for port in UInt16(41_000)..<41_040 {
      let client = Endpoint(HostScript.here, port)
      let second = Double(port) - 41_000
      story.host.add(
        .between(server, client, by: 200).enters(.established, at: second)
          .enters(.closeWait, at: second + 1, unread: 1))
      story.host.add(
        .between(client, server, by: 300).enters(.established, at: second)
          .enters(.finWait2, at: second + 1))
    }
    story.host.add(.opened(to: 8080, by: 300).enters(.finWait2, at: 5))
    story.look(every: 10, through: 300)
    let findings = story.watch.findings
    #expect(findings.contains { $0.state == .closeWait && $0.pids(.peer) == [300] })
    var survey = HostSurvey(
      try #require(story.census), patienceSeconds: 120, groups: WaitingGroups(besides: findings))
    survey.run()
    let waiting = try #require(survey.groups).sorted
    #expect(waiting.map(\.kind) == [.halfClosed])
    #expect(waiting.map(\.sockets) == [1])
  }

  @Test func `a look is fresh for three intervals and the time that turns take`() {
    #expect(Freshness.limitSeconds(intervalSeconds: 10, turnSeconds: 0) == 32)
    #expect(Freshness.limitSeconds(intervalSeconds: 10, turnSeconds: 4) == 44)
  }

  @Test func `a sample without ESTABLISHED takes over what the one before had`() throws {
    var host = HostScript()
    let api = host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: api)
    for _ in 0..<2 {
      host.add(
        .accepted(on: 8080, by: api).enters(.established, at: 0)
          .enters(.closeWait, at: 5, unread: 1))
    }
    host.add(.accepted(on: 8080, by: api).enters(.established, at: 0))
    var watch = Watch(settings: RuleSettings())
    var before: HostPicture?
    for second in [0.0, 10, 20] {
      var sample = host.sample(at: second)
      if second > 0 {
        sample.states = .allButEstablished
        sample.sockets.removeAll { $0.state == .established }
      }
      let search = watch.advance(with: sample)
      watch.attribute(host.report(to: search, at: second), to: search)
      let census = try #require(watch.census)
      let picture = HostPicture(census, patienceSeconds: 120, before: before)
      let remembered = HostPicture(census, patienceSeconds: 120)
      // Those two were ESTABLISHED when it was read.
      #expect(picture.states[.established] == 3)
      #expect(picture.owners.map { $0.states[.established] } == [3])
      #expect(remembered.states[.established] == (second > 0 ? 1 : 3))
      before = picture
    }
  }

  @Test(arguments: UInt64(1)...20)
  func `whatever the kernel shows, owners and namespaces have the same sums`(_ seed: UInt64) throws
  {
    var looks = RandomLooks(seed: seed)
    let look = looks.look(sockets: 300)
    var watch = Watch(settings: RuleSettings())
    var before: HostPicture?
    for turn in 0..<3 {
      var sample = look.sample
      sample.takenAt = BootInstant(seconds: 1_000_000 + 200 * Double(turn))
      sample.states = turn == 1 ? .allButEstablished : .all
      if turn == 1 { sample.sockets.removeAll { $0.state == .established } }
      var search = watch.advance(with: sample)
      search.inodes.formUnion(look.report.holders.map(\.inode))
      watch.attribute(look.report, to: search)
      let census = try #require(watch.census)
      let picture = HostPicture(census, patienceSeconds: 120, before: before)
      let owned = picture.owners.reduce(into: StateCounts()) { $0 += $1.states }
      #expect(owned == picture.states)
      for account in picture.owners {
        for state in Waiting.states { #expect(account.stuck[state] <= account.states[state]) }
        #expect(account.allStuck <= account.allWaiting)
        #expect(account.allWaiting <= account.total)
      }
      before = picture
    }
  }
}
