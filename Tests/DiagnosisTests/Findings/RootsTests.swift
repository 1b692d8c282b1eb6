// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What stands behind a server whose clients have gone: what else its processes have open.
struct RootsTests {
  private let backend = Endpoint(HostScript.here, 5432)

  /// A proxy whose forty clients have gone within 40 seconds.
  private func proxy(
    unread: UInt32 = 1, _ change: (inout RuleSettings) -> Void = { _ in }
  ) -> Story {
    var story = Story(change)
    story.host.start("proxy", pid: 100, unit: "proxy.service")
    story.host.listen(8080, by: 100)
    story.host.start("postgres", pid: 200)
    story.host.listen(5432, by: 200)
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: unread)
    }
    return story
  }

  /// Connections of the proxy to its backend on this host.
  private func asked(_ count: Int, in story: inout Story, isAnswered: Bool = false) {
    story.host.add(at: (1...count).map { Double($0) }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100)
        .enters(.established, at: second).changed {
          ($0.isAnswered, $0.isUnanswered) = (isAnswered, !isAnswered)
        }
    }
  }

  private func stuck(_ story: Story) throws -> Finding {
    try #require(story.firing.first { $0.localPort == 8080 && $0.state == .closeWait })
  }

  @Test func `a proxy waits for the backend that has as many requests of it as clients left`()
    throws
  {
    var story = proxy()
    asked(40, in: &story)
    story.look(every: 10, through: 300)
    let root = try #require(try stuck(story).root)
    #expect(root.kind == .waitsForBackend)
    #expect(root.place == backend)
    #expect(root.process?.id.pid == 200)
    #expect(root.waiting?.unanswered == 40)
  }

  @Test func `a proxy that has passed the end of the stream on still waits for the backend`() throws
  {
    var story = proxy()
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100)
        .enters(.established, at: second).enters(.finWait2, at: second + 1)
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.place == backend)
  }

  @Test func `a few clients may wait for something else`() throws {
    var story = proxy()
    asked(33, in: &story)
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.place == backend)
  }

  @Test(arguments: [20, 80])
  func `a pool of idle connections is no backend that somebody waits for`(size: Int) throws {
    var story = proxy()
    asked(size, in: &story, isAnswered: true)
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `one silent connection for each client is a backend that stopped halfway`() throws {
    var story = proxy()
    asked(40, in: &story, isAnswered: true)
    story.look(every: 10, through: 300)
    let root = try #require(try stuck(story).root)
    #expect(root.place == backend)
    #expect(root.waiting?.idle == 40)
  }

  /// It has read the end and has its last answer: nothing is behind it but its own missing close().
  @Test func `a proxy that has read the end beside answered connections waits for nobody`() throws {
    var story = proxy(unread: 0)
    asked(40, in: &story, isAnswered: true)
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `connections on which nothing was ever asked are silent, not without an answer`()
    throws
  {
    var story = proxy()
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100).enters(.established, at: second)
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.waiting?.idle == 40)
  }

  @Test func `requests that are answered all the time explain nothing`() throws {
    var story = proxy()
    story.host.add(at: (1...60).map { Double($0) }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100)
        .enters(.established, at: second).changed { $0.isReceiving = true }
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `another process that waits explains nothing`() throws {
    var story = proxy()
    story.host.start("worker", pid: 300)
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 300).enters(.established, at: second)
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `one upstream that all clients share and that takes no more is what they wait for`()
    throws
  {
    var story = proxy(unread: 4000)
    story.host.add(
      .opened(to: 9000, by: 100).enters(.established, at: 1, unsent: 2_600_000)
        .changed { $0.isAnswered = true })
    story.look(every: 10, through: 300)
    let root = try #require(try stuck(story).root)
    #expect(root.kind == .waitsForBackend)
    #expect(root.place == Endpoint(HostScript.elsewhere, 9000))
    #expect(root.process == nil)
    #expect(root.waiting?.blocked == 1)
  }

  @Test func `what a sample without established sockets cannot show is still known`() throws {
    var story = proxy()
    asked(40, in: &story)
    story.look(every: 10, through: 300)
    story.host.states = StateSet(.closeWait, .synSent, .listen)
    story.look(at: 310)
    #expect(try stuck(story).root?.place == backend)
    story.host.states = .all
    story.look(at: 320)
    #expect(try stuck(story).root?.place == backend)
  }

  // MARK: More clients than connections to the backend

  @Test func `workers that all wait explain more clients than there are workers`() throws {
    var story = proxy(unread: 100)
    asked(5, in: &story)
    story.look(every: 10, through: 300)
    let root = try #require(try stuck(story).root)
    #expect(root.place == backend)
    #expect(root.process?.id.pid == 200)
    #expect(root.waiting?.unanswered == 5)
  }

  @Test func `what a pool has to spare beside workers that wait does not hide the backend`()
    throws
  {
    var story = proxy(unread: 100)
    asked(5, in: &story)
    asked(5, in: &story, isAnswered: true)
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.place == backend)
    #expect(try stuck(story).root?.waiting?.unanswered == 5)
  }

  @Test func `one of the workers that is answered shows that the backend answers`() throws {
    var story = proxy(unread: 100)
    asked(5, in: &story)
    story.host.add(
      .between(Endpoint(HostScript.here, 0), backend, by: 100).enters(.established, at: 1)
        .changed { $0.isReceiving = true })
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `one connection that carries the requests of all and brings no answer`() throws {
    var story = proxy(unread: 0)
    story.host.add(
      .between(Endpoint(HostScript.here, 0), backend, by: 100).enters(.established, at: 1)
        .changed { ($0.isSending, $0.isAnswered) = (true, true) })
    story.look(every: 10, through: 300)
    let root = try #require(try stuck(story).root)
    #expect(root.place == backend)
    #expect(root.waiting?.unanswered == 1)
  }

  @Test func `workers that connect to the backend again wait for it as those that have asked do`()
    throws
  {
    var story = proxy(unread: 100)
    asked(3, in: &story)
    story.host.add(at: (0..<2).map { _ in 250.0 }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100).enters(.synSent, at: second)
    }
    story.look(every: 10, through: 300)
    let root = try #require(try stuck(story).root)
    #expect(root.place == backend)
    #expect(root.waiting?.unanswered == 3)
    #expect(root.waiting?.connecting == 2)
  }

  @Test(arguments: [(3, UInt32(100), true), (2, 100, false), (3, 0, false)])
  func `workers that all connect to one place explain clients whose end nobody has read`(
    workers: Int, unread: UInt32, isTold: Bool
  ) throws {
    var story = proxy(unread: unread)
    story.host.add(at: (0..<workers).map { _ in 250.0 }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100).enters(.synSent, at: second)
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root?.place == (isTold ? backend : nil))
  }

  @Test func `workers that all connect explain no clients while others are served`() throws {
    var story = proxy(unread: 100)
    story.host.add(at: (0..<3).map { _ in 250.0 }) { second in
      .between(Endpoint(HostScript.here, 0), backend, by: 100).enters(.synSent, at: second)
    }
    story.host.add(
      .accepted(on: 8080, by: 100).enters(.established, at: 1).changed { $0.isSending = true })
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `what only sends, as to a log, is waited for by nobody`() throws {
    var story = proxy(unread: 0)
    story.host.add(
      .opened(to: 514, by: 100).enters(.established, at: 0).changed { $0.isUnanswered = true })
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `what has waited for long before the first client left is another story`() throws {
    var story = proxy(unread: 0)
    story.host.add(
      .opened(to: 6379, by: 100).enters(.established, at: -500).changed {
        ($0.isUnanswered, $0.isAnswered, $0.usedSeconds) = (true, true, 0)
      })
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test func `a watch that was opened shortly before the first client left explains no leak`()
    throws
  {
    var story = proxy(unread: 0)
    story.host.add(
      .opened(to: 2379, by: 100).enters(.established, at: 0).changed {
        ($0.isUnanswered, $0.isAnswered, $0.usedSeconds) = (true, true, 0)
      })
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  /// As many as there are clients, or enough of them to be workers.
  @Test(arguments: [3, 40], [UInt32(0), 1])
  func `what was asked before the first client came is asked for none of them`(
    count: Int, unread: UInt32
  ) throws {
    var story = proxy(unread: unread)
    for _ in 0..<count {
      story.host.add(
        .opened(to: 6379, by: 100).enters(.established, at: 0).changed {
          ($0.isUnanswered, $0.isAnswered) = (true, true)
        })
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  // MARK: A proxy without a backend

  /// pgbouncer, whose clients were answered when they logged in and have asked since.
  private func pooler(_ name: String = "pgbouncer") -> Story {
    var story = Story()
    story.host.start(name, pid: 100, unit: "pool.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: 20)
    }
    return story
  }

  @Test(arguments: [("pgbouncer", true), ("gunicorn", false)])
  func `one attempt to connect keeps all clients of a pool waiting`(
    name: String, isTold: Bool
  ) throws {
    var story = pooler(name)
    story.host.add(.opened(to: 5432, by: 100).enters(.synSent, at: 250))
    story.look(every: 10, through: 300)
    let root = try stuck(story).root
    #expect(root?.place == (isTold ? Endpoint(HostScript.elsewhere, 5432) : nil))
    #expect(root?.waiting?.connecting == (isTold ? 1 : nil))
  }

  @Test(arguments: [("pgbouncer", 1, true), ("pgbouncer", 0, false), ("gunicorn", 1, false)])
  func `a pool without a connection waits for a backend that refuses`(
    name: String, failing: Int, isTold: Bool
  ) throws {
    var story = pooler(name)
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.attemptFails = UInt64(failing * Int(second) / 15)
      return counters
    }
    story.look(every: 10, through: 300)
    let root = try stuck(story).root
    #expect((root?.kind == .waitsForBackend) == isTold)
    #expect(root?.place == nil)
  }

  @Test func `a pool that has one connection waits for no backend that refuses`() throws {
    var story = pooler()
    asked(1, in: &story, isAnswered: true)
    story.host.counters = { second in
      var counters = TCPCounters()
      counters.attemptFails = UInt64(second)
      return counters
    }
    story.look(every: 10, through: 300)
    #expect(try stuck(story).root == nil)
  }

  @Test(arguments: [("pgbouncer", true), ("mcrouter", true), ("gunicorn", false)])
  func `all connections of a pool may be taken by clients that came before and still wait`(
    name: String, isTold: Bool
  ) throws {
    var story = pooler(name)
    story.host.add(
      .opened(to: 5432, by: 100).enters(.established, at: 0).changed {
        ($0.isUnanswered, $0.isAnswered) = (true, true)
      })
    story.look(every: 10, through: 300)
    let root = try stuck(story).root
    #expect(root?.place == (isTold ? Endpoint(HostScript.elsewhere, 5432) : nil))
    #expect(root?.waiting?.unanswered == (isTold ? 1 : nil))
  }

  // MARK: The finding that it follows from

  @Test func `clients that wait for a dead endpoint stand under the connects to it`() throws {
    var story = proxy(unread: 100) { $0.patienceSeconds = 15 }
    story.host.add(at: (1...41).map { Double($0) }) { second in
      .opened(to: 2379, by: 100).enters(.synSent, at: second).leaves(at: second + 127)
    }
    story.look(every: 2, through: 80)
    let connects = try #require(story.finding(.synSentPileup))
    let clients = try stuck(story)
    #expect(clients.root?.place == Endpoint(HostScript.elsewhere, 2379))
    #expect((clients.root?.waiting?.connecting ?? 0) >= 33)
    #expect(clients.becauseOf == connects.id)
    #expect(connects.becauseOf == nil)
    #expect(story.firing.rootsFirst.map(\.finding.rule).first == .synSentPileup)
    #expect(connects.severity == clients.severity)
  }

  @Test func `clients that wait for a server that accepts nobody stand under its queue`() throws {
    var story = Story()
    story.host.start("api", pid: 200, unit: "api.service")
    story.host.listen(5432, by: 200, queueLimit: 64)
    story.host.start("proxy", pid: 100, unit: "proxy.service")
    story.host.listen(8080, by: 100)
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 1, unread: 1)
    }
    asked(40, in: &story)
    story.host.add(at: (1...40).map { Double($0) }) { second in
      .accepted(on: 5432, by: nil).enters(.established, at: second)
    }
    story.look(every: 10, through: 300)
    let queue = try #require(story.finding(.acceptQueueStall))
    #expect(try stuck(story).root?.process?.id.pid == 200)
    #expect(try stuck(story).becauseOf == queue.id)
  }
}
