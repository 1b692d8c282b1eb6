// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Servers that have stopped reading on purpose, and those that only look so.
struct StoppedReadingTests {
  /// A server whose forty clients have gone within 40 seconds.
  private func server(
    unread: UInt32, _ change: (inout ScriptedSocket) -> Void = { _ in }
  ) -> Story {
    var story = Story()
    story.host.start("server", pid: 100, unit: "server.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: unread).changed(change)
    }
    return story
  }

  private func stuck(_ story: Story) throws -> Finding {
    try #require(story.firing.first { $0.localPort == 8080 && $0.state == .closeWait })
  }

  /// A broker that reads nothing, and publishers beside it that have left.
  private func alarmed(
    at address: IPAddress = HostScript.here, in namespace: NetnsID = HostScript.own
  ) -> Story {
    var story = Story { $0.patienceSeconds = 15 }
    story.host.namespaces.append(NamespaceSample(id: HostScript.other))
    story.host.start("broker", pid: 100)
    story.host.listen(5672, by: 100, in: namespace)
    story.host.start("publisher", pid: 300)
    for second in stride(from: 1.0, to: 60, by: 1) {
      let there = Endpoint(address, 5672)
      let publisher = Endpoint(address, UInt16(30_000 + Int(second)))
      story.host.add(
        .between(there, publisher, by: 100).enters(.established, at: second, unread: 90_000)
          .in(namespace).changed {
            ($0.isReceiving, $0.isSending) = (second > 50, true)
          })
      story.host.add(
        .between(publisher, there, by: 300).enters(.established, at: second)
          .enters(.finWait1, at: second + 1, unsent: 4000).isReleased(at: second + 1)
          .changed { $0.isProbing = true })
    }
    return story
  }

  @Test func `publishers that left a broker with an alarm are its doing`() throws {
    var story = alarmed()
    story.look(every: 1, through: 60)
    let closes = try #require(story.finding(.finWait1Pileup))
    #expect(closes.cause == .peerNeverReads)
    #expect(closes.root?.kind == .stoppedReading)
    #expect(closes.root?.place == Endpoint(HostScript.here, 5672))
    #expect(closes.root?.process?.id.pid == 100)
  }

  @Test func `who does not read what a server has closed is named where it is on this host`() throws
  {
    var story = Story { $0.patienceSeconds = 15 }
    story.host.start("api", pid: 100)
    story.host.listen(8080, by: 100)
    story.host.start("reader", pid: 300)
    for second in stride(from: 1.0, to: 60, by: 1) {
      let here = Endpoint(HostScript.here, 8080)
      let reader = Endpoint(HostScript.here, UInt16(30_000 + Int(second)))
      story.host.add(
        .between(reader, here, by: 300).enters(.established, at: second, unread: 90_000))
      story.host.add(
        .between(here, reader, by: 100).enters(.established, at: second)
          .enters(.finWait1, at: second + 1, unsent: 4000).isReleased(at: second + 1)
          .changed { $0.isProbing = true })
    }
    story.look(every: 1, through: 60)
    let closes = try #require(story.finding(.finWait1Pileup))
    #expect(closes.culprits.filter { $0.role == .peer }.map(\.process.id.pid) == [300])
    #expect((closes.culprits.first { $0.role == .peer }?.sockets ?? 0) >= 40)
  }

  @Test(arguments: [(HostScript.own, true), (HostScript.other, false)])
  func `the same loopback addresses in another namespace are another broker's`(
    namespace: NetnsID, isTold: Bool
  ) throws {
    var story = alarmed(at: IPAddress(ipv4: 0x7f00_0001), in: namespace)
    story.look(every: 1, through: 60)
    let root = try #require(story.finding(.finWait1Pileup)).root
    #expect((root != nil) == isTold)
  }

  @Test func `publishers that another loop of the broker reads are no alarm's`() throws {
    var story = alarmed()
    story.host.add(
      .accepted(on: 5672, by: 100).enters(.established, at: 1).changed { $0.isReceiving = true })
    story.look(every: 1, through: 60)
    #expect(try #require(story.finding(.finWait1Pileup)).root == nil)
  }

  @Test(arguments: [(UInt32(60_000), Root.Kind.stoppedReading as Root.Kind?), (300, nil)])
  func `full queues that a server leaves while it accepts others are left on purpose`(
    unread: UInt32, kind: Root.Kind?
  ) throws {
    var story = server(unread: unread)
    story.host.add(at: [250, 290]) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
    }
    story.look(every: 10, through: 300)
    let root = try stuck(story).root
    #expect(root?.kind == kind)
    #expect(kind == nil || root?.place?.port == 8080 && root?.process?.id.pid == 100)
  }

  @Test func `a server that accepts nobody meanwhile has not stopped on purpose`() throws {
    var story = server(unread: 60_000)
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  /// Others that publish all the time, or are sent what they publish and confirm it.
  @Test(arguments: [(false, nil as Root.Kind?), (true, Root.Kind.stoppedReading)])
  func `one blocked loop of several is no server that has stopped reading`(
    isSubscriber: Bool, kind: Root.Kind?
  ) throws {
    var story = server(unread: 60_000)
    story.host.add(at: [0, 250]) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second).changed {
        ($0.isReceiving, $0.isSending) = (true, isSubscriber)
      }
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.kind == kind)
  }

  @Test(arguments: [(600 as UInt64, Root.Kind.stoppedReading as Root.Kind?), (50_000, nil)])
  func `requests that others are answered are left by one blocked loop of several`(
    answered: UInt64, kind: Root.Kind?
  ) throws {
    var story = server(unread: 300) {
      $0.isAnswered = true; $0.answerBytes = answered
    }
    story.host.add(at: [250, 290]) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second).changed {
        ($0.isAnswered, $0.answerBytes) = (true, answered)
      }
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.kind == kind)
  }
}
