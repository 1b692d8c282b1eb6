// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Connections over time: identity, states, how long, gone.
struct CensusTests {
  /// One connection of one server, at port 8080.
  private func story(
    source: TableSource = .sockDiag, _ socket: (ScriptedSocket) -> ScriptedSocket
  ) -> Story {
    var story = Story()
    story.host.namespaces[0].source = source
    story.host.start("api", pid: 100)
    story.host.add(socket(.accepted(on: 8080, by: 100)))
    return story
  }

  // MARK: State and dwell

  @Test func `a connection keeps its state before, and since when it is in its state`() throws {
    var story = story { $0.enters(.established, at: 3).enters(.closeWait, at: 17, unread: 1) }
    story.look(every: 10, through: 30)
    let connection = try #require(story.connection(port: 8080))
    #expect(connection.state == .closeWait)
    #expect(connection.previousState == .established)
    #expect(connection.firstSeen == HostScript.instant(10))
    #expect(connection.stateSince == HostScript.instant(17))
    #expect(connection.age(at: HostScript.instant(30)) == Age(seconds: 13, bound: .exact))
  }

  @Test func `without the kernel's ages, the first look in the state is a bound`() throws {
    var story = story(source: .procNetTCP) {
      $0.enters(.established, at: 3).enters(.closeWait, at: 17, unread: 1)
    }
    story.look(every: 10, through: 50)
    let connection = try #require(story.connection(port: 8080))
    #expect(connection.age(at: HostScript.instant(50)) == Age(seconds: 30, bound: .atLeast))
  }

  @Test func `a restart of closewatch starts informed by the kernel's ages`() throws {
    var story = story { $0.enters(.established, at: 3).enters(.closeWait, at: 17, unread: 1) }
    story.look(every: 10, through: 50)
    story.restart()
    story.look(at: 5000)
    let connection = try #require(story.connection(port: 8080))
    #expect(connection.age(at: HostScript.instant(5000)) == Age(seconds: 4983, bound: .exact))
    #expect(connection.flags.contains(.inFirstLook))
  }

  @Test func `an age that a later segment resets does not make the state younger`() throws {
    // Without an acknowledged byte the age is exact; keepalive answers make it a bound.
    var story = story { $0.enters(.closeWait, at: 0, unread: 1) }
    story.look(at: 100)
    var sample = story.host.sample(at: 110)
    sample.sockets[0].lastAckReceivedMilliseconds = 40
    sample.sockets[0].timer = .keepalive
    var census = try #require(story.census)
    var watch = story.watch
    _ = watch.advance(with: sample)
    census = try #require(watch.census)
    let connection = try #require(census.connections.first { $0.localPort == 8080 })
    #expect(connection.dwellSeconds(at: census.now) == 110)
  }

  @Test func `a jump of the wall clock changes nothing`() {
    var steady = story { $0.enters(.closeWait, at: 5, unread: 1) }
    var jumping = steady
    for second in stride(from: 0.0, through: 60, by: 10) {
      steady.look(at: second)
      jumping.host.wallClockError = second == 30 ? -86_400 : 3600 * second
      jumping.look(at: second)
    }
    #expect(steady.connection(port: 8080)?.stateSince == jumping.connection(port: 8080)?.stateSince)
    #expect(steady.census?.watchedSeconds == jumping.census?.watchedSeconds)
    #expect(jumping.census?.newestGap == nil)
  }

  // MARK: Identity

  @Test func `a cookie is one connection through all its states`() {
    var story = story {
      $0.enters(.established, at: 0).enters(.finWait2, at: 20).enters(.timeWait, at: 40)
        .isReleased(at: 20)
    }
    story.look(every: 10, through: 50)
    #expect(story.census?.connectionCount == 1)
    #expect(story.connection(port: 8080)?.state == .timeWait)
    #expect(story.connection(port: 8080)?.firstSeen == HostScript.instant(0))
  }

  @Test(arguments: [TableSource.sockDiag, .procNetTCP])
  func `the same addresses with another inode are a new connection`(source: TableSource) throws {
    var story = Story()
    story.host.namespaces[0].source = source
    story.host.start("api", pid: 100)
    for (start, end) in [(0.0, 35.0), (36, 1000)] {
      story.host.add(
        .between(
          Endpoint(HostScript.here, 8080), Endpoint(HostScript.elsewhere, 50_000), by: 100
        ).enters(.closeWait, at: start, unread: 1).leaves(at: end))
    }
    story.look(every: 10, through: 60)
    let connections = try #require(story.census).connections.filter { $0.rowIndex >= 0 }
    #expect(connections.count == 1)
    #expect(connections.first?.firstSeen == HostScript.instant(40))
    #expect(try #require(connections.first).dwellSeconds(at: HostScript.instant(60)) < 25)
  }

  @Test(
    arguments: [
      (opener: RowKnowledge.accepted, isListening: false, isInbound: true),
      (.opened, true, false), ([], true, true), ([], false, false),
    ] as [(opener: RowKnowledge, isListening: Bool, isInbound: Bool)])
  func `who opened a connection the kernel tells, and a listener only where it does not`(
    _ opener: RowKnowledge, _ isListening: Bool, _ isInbound: Bool
  ) {
    var story = Story()
    if isListening { story.host.listen(8080, by: 100) }
    // The FIN is acknowledged too: from then on the counters do not say.
    story.host.add(
      .accepted(on: 8080, by: 100).enters(.established, at: 0).enters(.finWait2, at: 15)
        .changed { $0.opener = opener })
    story.look(every: 10, through: 20)
    let connections = story.census?.connections.filter { $0.state == .finWait2 } ?? []
    #expect(connections.map { $0.flags.contains(.isInbound) } == [isInbound])
  }

  @Test func `equal cookies in two namespaces are two connections`() {
    var story = Story()
    story.host.namespaces.append(NamespaceSample(id: HostScript.other))
    for namespace in [HostScript.own, HostScript.other] {
      story.host.add(
        .accepted(on: 8080, by: 100).enters(.closeWait, at: 0).in(namespace)
          .changed { $0.cookie = 4097 })
    }
    story.look(every: 10, through: 30)
    #expect(story.census?.connectionCount == 2)
  }

  // MARK: Gone

  @Test func `one absence proves nothing, two remove`() {
    var story = story { $0.enters(.closeWait, at: 0, unread: 1).leaves(at: 25) }
    story.look(every: 10, through: 30)
    #expect(story.census?.connectionCount == 1)
    #expect(story.connection(port: 8080)?.rowIndex == -1)
    story.look(at: 40)
    #expect(story.census?.connectionCount == 0)
  }

  @Test func `a row that comes back after one absence is the same connection`() throws {
    var story = story { $0.enters(.closeWait, at: 0, unread: 1) }
    story.look(every: 10, through: 30)
    var sample = story.host.sample(at: 40)
    sample.sockets = []
    var watch = story.watch
    _ = watch.advance(with: sample)
    _ = watch.advance(with: story.host.sample(at: 50))
    sample.takenAt = HostScript.instant(60)
    _ = watch.advance(with: sample)
    let census = try #require(watch.census)
    // Two absences in all, and never two in a row.
    #expect(census.connectionCount == 1)
    #expect(census.connections.first { _ in true }?.firstSeen == HostScript.instant(0))
  }

  @Test(arguments: [Gap.Kind.boundReached, .dumpInterrupted])
  func `a look that was cut removes nothing`(kind: Gap.Kind) {
    var story = story { $0.enters(.closeWait, at: 0, unread: 1).leaves(at: 15) }
    story.look(every: 10, through: 10)
    story.host.gaps = [Gap(kind, detail: "4096 rows")]
    story.look(every: 10, from: 20, through: 100)
    #expect(story.census?.connectionCount == 1)
    story.host.gaps = []
    story.look(every: 10, from: 110, through: 120)
    #expect(story.census?.connectionCount == 0)
  }

  @Test(arguments: ["rows of its state", "its namespace"])
  func `what was not read is remembered for an hour, and no longer`(unread: String) throws {
    var story = story { $0.enters(.closeWait, at: 0, unread: 1).leaves(at: 15) }
    story.look(every: 10, through: 10)
    var watch = story.watch
    for second in stride(from: 20.0, through: 3640, by: 10) {
      var sample = story.host.sample(at: second)
      if unread == "its namespace" {
        sample.namespaces = []
        sample.gaps = [Gap(.namespaceNotRead, detail: "net:[4026531840]: EPERM")]
      } else {
        sample.leftOut = [RowsLeftOut(HostScript.own, .closeWait, count: 5)]
        sample.gaps = [Gap(.boundReached, count: 5, detail: "rows")]
      }
      _ = watch.advance(with: sample)
      // Seen last at 10. After the hour it takes two absences, as ever.
      #expect(watch.census?.connectionCount == (second <= 3610 ? 1 : 0), "\(second)")
    }
  }

  @Test func `ESTABLISHED that was not asked for is unknown, not absent`() {
    var story = story { $0.enters(.established, at: 0) }
    story.look(at: 0)
    story.host.states = .allButEstablished
    story.look(every: 10, from: 10, through: 300)
    #expect(story.census?.connectionCount == 1)
    #expect(story.connection(port: 8080)?.state == .established)
    story.host.states = .all
    story.look(at: 310)
    #expect(story.connection(port: 8080)?.firstSeen == HostScript.instant(0))
  }

  @Test func `connections of a namespace that goes are forgotten, and no dead sockets`() {
    var story = Story()
    story.host.namespaces.append(NamespaceSample(id: HostScript.other))
    story.host.start("pod", pid: 300, until: 95)
    story.host.add(at: (1...13).map { Double($0) }) { second in
      .opened(to: 443, by: 300).enters(.closeWait, at: second, unread: 101)
        .in(HostScript.other).isReleased(at: 95)
    }
    story.look(every: 10, through: 90)
    #expect(story.census?.connectionCount == 13)
    story.host.namespaces.removeLast()
    story.look(every: 10, from: 100, through: 130)
    #expect(story.census?.connectionCount == 0)
    #expect(story.census?.deadSockets.all.isEmpty ?? false)
    #expect(story.firing == [])
  }

  @Test func `a namespace that could not be read for a while loses nothing`() {
    var story = Story()
    story.host.namespaces.append(NamespaceSample(id: HostScript.other))
    story.host.start("pod", pid: 300)
    story.host.add(
      .accepted(on: 8080, by: 300).enters(.closeWait, at: 5, unread: 1).in(HostScript.other))
    story.look(every: 10, through: 30)
    let namespace = story.host.namespaces.removeLast()
    story.host.gaps = [Gap(.namespaceNotRead, detail: "net:[4026532201]: EPERM")]
    story.look(every: 10, from: 40, through: 80)
    story.host.namespaces.append(namespace)
    story.host.gaps = []
    story.look(at: 90)
    #expect(story.connection(port: 8080)?.firstSeen == HostScript.instant(10))
  }

  // MARK: Bounds and clocks

  @Test func `beyond the limit nothing is remembered, and the rest is counted`() {
    var story = Story { $0.connectionLimit = 31 }
    story.host.add(at: (0..<37).map { _ in 0.0 }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second)
    }
    story.look(every: 10, through: 30)
    #expect(story.census?.connectionCount == 31)
    #expect(story.census?.foldedRows == 6)
  }

  @Test func `a leak that begins where nothing more fits is remembered before all else`() {
    var story = Story { $0.connectionLimit = 31 }
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    for number in 0..<40 {
      let state: TCPState = number % 2 == 0 ? .established : .timeWait
      story.host.add(.opened(to: 443, by: 100).enters(state, at: 0))
    }
    story.look(every: 10, through: 40)
    #expect(story.census?.connectionCount == 31)
    story.host.add(at: (0..<25).map { 50 + Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 10, from: 50, through: 300)
    let kept = story.census.map { census in
      Dictionary(grouping: census.connections, by: \.state).mapValues(\.count)
    }
    #expect(kept == [.closeWait: 25, .established: 6])
    #expect(story.census?.foldedRows == 14)
  }

  @Test func `a gap of the sampler is remembered with its length`() {
    var story = story { $0.enters(.closeWait, at: 0, unread: 1) }
    story.look(every: 10, through: 60)
    #expect(story.census?.newestGap == nil)
    story.look(every: 10, from: 120, through: 170)
    #expect(story.census?.newestGap?.seconds == 60)
  }

  @Test func `a suspend does not make stuck what had no time to be closed`() {
    var story = Story()
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    // Twelve requests whose handlers close after 8 s of work, asleep for an hour in the middle.
    story.host.sleeps = [64.0...3664]
    for number in 0..<12 {
      story.host.add(
        .accepted(on: 8080, by: 100).enters(.established, at: 50)
          .enters(.closeWait, at: 60 + Double(number) / 10, unread: 1).leaves(at: 3668))
    }
    story.look(every: 10, through: 60)
    story.look(at: 63)
    story.look(at: 3665)
    story.look(at: 3667)
    // The kernel's ages say 3 to 6 s; the clock of the census went on for an hour.
    #expect(story.events == [])
    story.look(every: 10, from: 3670, through: 3900)
    #expect(story.firing == [])
  }

  @Test func `a pid that is used again is another process`() throws {
    var story = Story()
    story.host.start("old", pid: 100, until: 100)
    story.host.start("new", pid: 100, from: 105)
    story.host.add(
      .opened(to: 443, by: 100).enters(.established, at: 5).enters(.timeWait, at: 90)
        .isReleased(at: 90))
    story.host.add(.opened(to: 444, by: 100).enters(.established, at: 110))
    story.look(every: 10, through: 120)
    let census = try #require(story.census)
    let openers = census.connections.map { census.processes[$0.opener]?.command }
    #expect(openers == ["old", "new"])
  }

  @Test func `the order of rows makes no difference`() {
    var forward = Story()
    var backward = Story()
    for number in 0..<31 {
      let second = 10 * Double(number)
      forward.host.add(leak(number, at: second))
    }
    for number in (0..<31).reversed() { backward.host.add(leak(number, at: 10 * Double(number))) }
    for index in [0, 1] {
      var story = index == 0 ? forward : backward
      story.host.start("api", pid: 100)
      story.host.listen(8080, by: 100)
      story.look(every: 10, through: 300)
      if index == 0 { forward = story } else { backward = story }
    }
    #expect(forward.firing.count == 1)
    #expect(forward.firing == backward.firing)
  }

  private func leak(_ number: Int, at second: Double) -> ScriptedSocket {
    .between(
      Endpoint(HostScript.here, 8080), Endpoint(HostScript.elsewhere, UInt16(50_000 + number)),
      by: 100
    ).enters(.closeWait, at: second, unread: 1).changed {
      $0.cookie = UInt64(900 + number)
      $0.inode = UInt64(80_000 + number)
    }
  }
}
