// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Diagnosis

/// A client that opens and closes connections until no port is left, in a range of 200 ports.
struct TimeWaitPortExhaustionTests {
  /// - Parameter closing: How many connections to 198.51.100.7:5432 it closed at 5 s.
  private func client(
    closing: Int, by pid: Int32? = 100, openedAt opened: Double = 1,
    _ change: (inout NamespaceSample) -> Void = { _ in }
  ) -> Story {
    var story = Story()
    story.host.namespaces[0].settings.areRead = true
    story.host.namespaces[0].settings.localPortRange = 50_000...50_199
    story.host.namespaces[0].settings.timeWaitReuse = 0
    change(&story.host.namespaces[0])
    story.host.start("batch", pid: 100, unit: "batch.service")
    for number in 0..<closing {
      story.host.add(connection(number, by: pid, openedAt: opened))
    }
    return story
  }

  private func connection(
    _ number: Int, to port: UInt16 = 5432, by pid: Int32?, openedAt opened: Double
  ) -> ScriptedSocket {
    .between(
      Endpoint(HostScript.here, UInt16(50_000 + number)), Endpoint(HostScript.elsewhere, port),
      by: pid
    )
    .enters(.established, at: opened).enters(.timeWait, at: 5).isReleased(at: 5)
  }

  @Test func `80 percent of the ports to one destination in TIME_WAIT are a warning`() throws {
    var story = client(closing: 160)
    story.look(at: 2)
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.timeWaitPortExhaustion])
    #expect(found.severity == .warning)
    #expect(found.sockets == 160)
    #expect(found.remotePort == 5432)
    #expect(found.forecast?.used == 160)
    #expect(found.forecast?.limit == 200)
    // Seen while it had them: the cookie remembers.
    #expect(found.culprits.map(\.process.id.pid) == [100])
    #expect(found.culprits.map(\.role) == [.opener])
    #expect(found.culprits.map(\.attribution) == [.remembered])
    #expect(found.owner == Owner(.unit, "batch.service"))
  }

  @Test func `one port less is none`() {
    var story = client(closing: 159)
    story.look(at: 2)
    story.look(at: 20)
    #expect(story.watch.findings == [])
  }

  @Test func `one look is enough, as the timers of the rows tell the rate`() {
    var story = client(closing: 160)
    story.look(at: 20)
    #expect(story.firingRules == [.timeWaitPortExhaustion])
  }

  @Test func `95 percent are critical`() {
    var story = client(closing: 190)
    story.look(at: 20)
    #expect(story.firing.map(\.severity) == [.critical])
  }

  @Test func `reserved ports and listeners take from the range`() throws {
    var story = client(closing: 120) { $0.settings.reservedPorts = [50_150...50_198] }
    story.host.listen(50_199, by: 100)
    story.look(at: 20)
    let forecast = try #require(story.firing.first?.forecast)
    #expect(forecast.limit == 150)
    #expect(forecast.used == 120)
  }

  @Test func `ports that the kernel takes again after a second are none`() {
    var story = client(closing: 200) { $0.settings.timeWaitReuse = 1 }
    story.look(at: 20)
    #expect(story.watch.findings == [])
  }

  @Test func `the default reuse is for loopback only`() {
    var story = client(closing: 160) { $0.settings.timeWaitReuse = 2 }
    story.look(at: 20)
    #expect(story.firingRules == [.timeWaitPortExhaustion])
  }

  @Test func `TIME_WAIT on the server's side takes no port`() {
    var story = client(closing: 0)
    story.host.listen(50_100, by: 100)
    story.host.add(at: (1...400).map { Double($0) / 100 }) { second in
      .accepted(on: 50_100, by: 100).enters(.established, at: 0.5)
        .enters(.timeWait, at: second).isReleased(at: second)
    }
    story.look(every: 5, through: 50)
    #expect(story.watch.findings == [])
  }

  @Test func `two destinations have the whole range each`() {
    var story = client(closing: 100)
    for number in 100..<200 {
      story.host.add(connection(number, to: 5433, by: 100, openedAt: 1))
    }
    story.look(at: 20)
    #expect(story.watch.findings == [])
  }

  @Test func `an opener that was never seen is said to be unknown`() throws {
    var story = client(closing: 160, by: nil, openedAt: 5)
    story.host.start("bystander", pid: 300)
    story.host.listen(80, by: 300)
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(found.culprits == [])
    #expect(found.doubts == [.openerUnknown])
    #expect(found.owner.kind == .kernel)
  }

  @Test func `an opener of live connections to the same place is inferred, and said to be`() throws
  {
    var story = client(closing: 160, by: nil, openedAt: 5)
    story.host.add(
      .between(
        Endpoint(HostScript.here, 50_170), Endpoint(HostScript.elsewhere, 5432), by: 100
      ).enters(.established, at: 6))
    story.look(at: 2)
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(found.culprits.map(\.process.id.pid) == [100])
    #expect(found.culprits.map(\.attribution) == [.sibling])
    #expect(found.doubts == [.openerInferred])
  }

  /// Of a host where 160 ports are taken, with one connection of another process to the same place.
  private func bystander(connectedAt second: Double) -> Story {
    var story = client(closing: 160, by: nil, openedAt: 5)
    story.host.namespaces[0].sockstat.timeWait = 160
    story.host.start("monitor", pid: 300)
    story.host.add(
      .between(
        Endpoint(HostScript.here, 50_170), Endpoint(HostScript.elsewhere, 5432), by: 300
      ).enters(.established, at: second))
    return story
  }

  @Test(arguments: [[20.0], [2, 20], [4, 20, 35]])
  func `who was connected before it was watched is not accused of what others open`(
    looks: [Double]
  ) throws {
    var story = bystander(connectedAt: 1)
    for second in looks { story.look(at: second) }
    let found = try #require(story.firing.first)
    #expect(found.culprits == [])
    #expect(found.doubts == [.openerUnknown])
  }

  @Test func `one connection to the place does not end the hunt for who opens the many`() {
    var story = bystander(connectedAt: 10)
    story.look(at: 2)
    story.look(at: 20)
    #expect(story.watch.wantsOpener)
  }

  @Test func `live connections count once, and few do not end the hunt`() throws {
    var story = bystander(connectedAt: 1)
    for number in 0..<6 {
      story.host.add(
        .between(
          Endpoint(HostScript.here, UInt16(50_180 + number)),
          Endpoint(HostScript.elsewhere, 5432), by: 100
        ).enters(.established, at: 10))
    }
    story.look(at: 2)
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(found.culprits.map(\.process.id.pid) == [100])
    #expect(found.culprits.map(\.sockets) == [6])
    #expect(story.watch.wantsOpener)
  }

  @Test func `who opens now comes before who is remembered, where that says enough`() {
    #expect(Census.inferredOpeners(live: [1: 10], remembered: [2: 5000]) == [1: 10])
    #expect(Census.inferredOpeners(live: [1: 4], remembered: [1: 3, 2: 9]) == [1: 4, 2: 9])
  }

  /// So many connects of a process to the place of the story, from a second on, at once.
  private func connects(
    _ connects: Int, by pid: Int32, command: String = "batch", from first: Double = 5,
    withoutPort: Int = 0
  ) -> ConnectCount {
    var count = ConnectCount(
      namespace: HostScript.own, remote: Endpoint(HostScript.elsewhere, 5432),
      process: ProcessID(pid: pid, startTicks: UInt64(HostScript.startsAt * 100)))
    count.command = command
    count.connects = connects
    count.withoutPort = withoutPort
    count.firstAt = HostScript.instant(first)
    return count
  }

  private func counted(_ finding: Finding) -> CountedConnects? {
    for case .connectsCounted(let counted) in finding.evidence { return counted }
    return nil
  }

  @Test func `an opener that no look has seen is known where the kernel counts`() throws {
    var story = client(closing: 160, by: nil, openedAt: 5)
    story.host.start("bystander", pid: 300)
    let counts = [connects(170, by: 100, withoutPort: 3), connects(2, by: 300)]
    story.host.connects = { $0 >= 5 ? counts : [] }
    story.look(at: 2)
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(found.culprits.map(\.process.id.pid) == [100, 300])
    #expect(found.culprits.map(\.attribution) == [.counted, .counted])
    #expect(found.culprits.map(\.sockets) == [158, 2])
    #expect(found.owner == Owner(.unit, "batch.service"))
    #expect(found.doubts == [])
    let proof = try #require(counted(found))
    #expect(proof.process.id.pid == 100)
    #expect([proof.connects, proof.all, proof.processes, proof.withoutPort] == [170, 172, 1, 3])
    #expect(proof.seconds == 20)
    #expect(proof.isWhole)
    #expect(!story.watch.wantsOpener)
  }

  @Test func `one that began after the flood is not accused, however exactly it was counted`()
    throws
  {
    var story = client(closing: 160, by: nil, openedAt: 5)
    story.host.start("bystander", pid: 300)
    let counts = [connects(79, by: 300, from: 10)]
    story.host.connects = { _ in counts }
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(found.culprits == [])
    #expect(found.doubts == [.openerUnknown])
    #expect(counted(found) == nil)
  }

  @Test func `what was counted more than a minute or two ago is of others`() throws {
    var story = Story()
    story.host.namespaces[0].settings.areRead = true
    story.host.namespaces[0].settings.localPortRange = 50_000...50_199
    story.host.namespaces[0].settings.timeWaitReuse = 0
    story.host.start("steady", pid: 200)
    story.host.start("batch", pid: 100, unit: "batch.service")
    for number in 0..<160 {
      let socket = connection(number, by: nil, openedAt: 299)
      story.host.add(socket.changed { $0.phases = [] }.enters(.timeWait, at: 300))
    }
    let steady = connects(100_000, by: 200, command: "steady", from: 1)
    let batch = connects(160, by: 100, from: 300)
    story.host.connects = { second in
      var steady = steady
      steady.connects += Int(second / 10)
      return second >= 300 ? [steady, batch] : [steady]
    }
    story.look(every: 15, through: 315)
    let found = try #require(story.firing.first)
    #expect(found.culprits.map(\.process.id.pid) == [100, 200])
    let proof = try #require(counted(found))
    #expect(proof.connects == 160)
    // 60 s to 120 s, at one in 10 s.
    #expect((160 + 6...160 + 12).contains(proof.all))
    #expect((60.0...120).contains(proof.seconds))
  }

  @Test func `a program for each connect is named by what they are called, though all have ended`()
    throws
  {
    var story = client(closing: 160, by: nil, openedAt: 5)
    let counts = (0..<160).map { connects(1, by: Int32(5000 + $0), command: "curl") }
    story.host.connects = { _ in counts + [connects(7, by: 100)] }
    story.host.lostConnects = { $0 > 3 ? 4 : 0 }
    story.look(at: 2)
    story.look(at: 20)
    let found = try #require(story.firing.first)
    #expect(found.doubts == [])
    let proof = try #require(counted(found))
    #expect(proof.process.command == "curl")
    #expect([proof.connects, proof.all, proof.processes] == [160, 167, 160])
    #expect(!proof.isWhole)
    #expect(found.culprits.count == 16)
    #expect(found.owner.name == "curl")
  }

  @Test func `when the opener is learnt later, it is the same finding`() throws {
    var story = client(closing: 160, by: nil, openedAt: 5)
    story.host.add(
      .between(
        Endpoint(HostScript.here, 50_170), Endpoint(HostScript.elsewhere, 5432), by: 100
      ).enters(.established, at: 30))
    story.look(at: 20)
    let before = try #require(story.firing.first)
    #expect(before.doubts == [.openerUnknown])
    story.look(at: 35)
    #expect(story.firing.map(\.id) == [before.id])
    #expect(story.firing.first?.owner == Owner(.unit, "batch.service"))
    #expect(story.firing.first?.culprits.map(\.process.id.pid) == [100])
  }

  @Test func `an opener is remembered by the place, when its own connections have gone`() throws {
    var story = client(closing: 160)
    story.host.namespaces[0].sockstat.timeWait = 160
    story.look(at: 0)
    for number in 0..<160 {
      let socket = connection(number, by: nil, openedAt: 99)
      story.host.add(socket.changed { $0.phases = [] }.enters(.timeWait, at: 100))
    }
    story.look(at: 2)
    story.look(every: 15, from: 20, through: 95)
    story.look(at: 110)
    let found = try #require(story.firing.first)
    #expect(found.culprits.map(\.process.id.pid) == [100])
    #expect(found.culprits.map(\.attribution) == [.sibling])
    #expect(found.doubts == [.openerInferred])
  }

  @Test func `one that is hard to catch is hunted for as long as it goes on, ever less often`() {
    var story = client(closing: 0)
    story.host.namespaces[0].sockstat.timeWait = 160
    for number in 0..<(110 * 48) {
      let socket = connection(number % 110, by: nil, openedAt: 0)
      story.host.add(
        socket.changed { $0.phases = [] }.enters(.timeWait, at: 50 * Double(number / 110)))
    }
    var watch = Watch(settings: RuleSettings())
    var hunts = 0
    for second in stride(from: 10.0, through: 2380, by: 15) {
      hunts += watch.advance(with: story.host.sample(at: second)).hunts.count
    }
    #expect(watch.wantsOpener)
    #expect((50...60).contains(hunts))
  }

  @Test func `it resolves when the rows have run off`() {
    var story = client(closing: 160)
    story.look(every: 10, through: 60)
    #expect(story.firingRules == [.timeWaitPortExhaustion])
    story.look(every: 10, from: 70, through: 190)
    #expect(story.events.map(\.kind) == [.firing, .resolved])
  }

  @Test(arguments: [0, 300, 20_000])
  func `a route that just reaches the fewest is found on a host of any size`(others: Int) {
    var sample = HostScript().sample(at: 10)
    for index in 0..<(16 + others) {
      var row = SocketRow()
      row.state = .established
      row.namespace = HostScript.own
      row.localAddress = HostScript.here
      row.localPort = 40_000 + UInt16(index % 16)
      // The first 16 go to one place, each of the others to one of its own.
      row.remoteAddress = IPAddress(ipv4: 0xc633_6400 + UInt32(max(0, index - 15)))
      row.remotePort = 443
      row.knowledge = [.cookie]
      row.cookie = UInt64(index + 1)
      sample.sockets.append(row)
    }
    let census = Census(sample, limit: 100_000)
    #expect(EphemeralPorts.all(in: census, fewest: 16).map(\.used) == [16])
    #expect(EphemeralPorts.all(in: census, fewest: 17).isEmpty)
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .timeWaitPortExhaustion,
      // The second is full soon; the first has been left as it is.
      [(160, 20.0), (120, 12)].map { closing, end in
        ThresholdTrial(every: end, through: end) { host in
          host.namespaces[0].settings.areRead = true
          host.namespaces[0].settings.localPortRange = 50_000...50_199
          host.namespaces[0].settings.timeWaitReuse = 0
          host.start("batch", pid: 100)
          for number in 0..<closing {
            host.add(
              .between(
                Endpoint(HostScript.here, UInt16(50_000 + number)),
                Endpoint(HostScript.elsewhere, 5432), by: 100
              )
              .enters(.established, at: 1).enters(.timeWait, at: 5).isReleased(at: 5))
          }
        }
      })
  }
}
