// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct TopStateTests {
  @Test func `it begins with what the daemon has seen, until its own looks say as much`() throws {
    var snapshot = StatusHost.leaking.snapshot
    snapshot.startedAt = BootInstant(seconds: 0)
    let past = DaemonPast(text: DaemonPast(snapshot).text)
    #expect(past == DaemonPast(snapshot))
    #expect(past.closeWait.count > 10)
    #expect(past.worst(of: Owner(.unit, "api.service"))?.rule == .closeWaitLeak)
    var picture = try TopStory.picture(of: TopStory.busyHost(), until: 0)
    picture.past = past
    var state = TopStory.empty()
    state.take(picture)
    let shown = state.frame(ScreenSize(columns: 120, rows: 24), at: BootInstant(seconds: 1)).text
    #expect(shown.contains("the daemon \(Quantity.duration(past.watchedSeconds)): 1 firing"))
    #expect(DaemonPast(text: "finding x\nclose-wait 1\nnews 7\n\n") == DaemonPast())
  }

  @Test func `v shows the verdict on an owner, as triage writes it, and another key goes back`()
    throws
  {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    let size = ScreenSize(columns: 80, rows: 24)
    #expect(state.frame(size, at: HostScript.instant(60)).text.contains("v verdict"))
    #expect(state.press(.character("v")) == .none)
    let shown = state.frame(size, at: HostScript.instant(60)).text
    #expect(shown.contains("SEVERITY  WHO"), "\(shown)")
    #expect(shown.contains("Any other key goes back."))
    let target = try #require(state.verdictTarget)
    state.show(verdict: "of another owner", of: target + "x")
    #expect(state.frame(size, at: HostScript.instant(60)).text == shown)
    state.show(verdict: "what the daemon says", of: target)
    #expect(state.frame(size, at: HostScript.instant(60)).text.contains("what the daemon says"))
    #expect(state.press(.escape) == .none)
    #expect(!state.frame(size, at: HostScript.instant(60)).text.contains("what the daemon says"))
  }

  private func state(until end: Double = 60) throws -> TopState {
    try TopStory.state(TopStory.busyHost(), until: end)
  }

  private func owners(_ state: TopState) -> [String] {
    state.ownerOrder.map { state.picture?.owners[$0].owner.name ?? "" }
  }

  private func remotePorts(_ state: TopState) -> [UInt16] {
    state.socketOrder.compactMap { position in
      state.picture.flatMap { $0.row($0.sockets[Int(position)])?.remotePort }
    }
  }

  // MARK: Owners

  @Test func `the owner with most stuck sockets comes first`() throws {
    #expect(
      owners(try state()) == [
        "api.service", "nightly-batch.service", "python3.11", "cron-job", "nginx.service",
        "kernel",
      ])
  }

  @Test func `s goes on to the next column, r turns the order around`() throws {
    var state = try state()
    state.strike(.character("s"))
    #expect(state.ownerSort.column == "/MIN")
    state.strike(.character("<"), .character("<"), .character("<"), .character("<"))
    #expect(state.ownerSort.column == "OWNER")
    #expect(owners(state).first == "api.service")
    state.strike(.character("r"))
    #expect(owners(state).first == "python3.11")
    state.strike(.character("<"))
    #expect(state.ownerSort.column == "FINDING")
    #expect(!state.ownerSort.isReversed)
  }

  @Test func `only columns that are shown are gone through`() throws {
    var state = try state()
    _ = state.lines(44, 20)
    state.strike(.character("<"))
    #expect(state.ownerSort.column == "OWNER")
    state.strike(.character("s"), .character("s"), .character("s"), .character("s"))
    #expect(state.ownerSort.column == "OWNER")
  }

  @Test func `the cursor follows its owner when the order changes`() throws {
    var state = try state()
    state.strike(.down, .down)
    #expect(state.chosenOwner?.owner.name == "python3.11")
    state.strike(.character("r"))
    #expect(state.chosenOwner?.owner.name == "python3.11")
    #expect(owners(state)[state.ownerCursor.position] == "python3.11")
  }

  @Test func `a filter narrows at each key, Enter keeps it and Esc takes it away`() throws {
    var state = try state()
    state.type("/SERV")
    #expect(owners(state) == ["api.service", "nightly-batch.service", "nginx.service"])
    state.type("ice ni")
    #expect(owners(state) == ["nightly-batch.service"])
    state.strike(.backspace, .backspace)
    #expect(owners(state).count == 3)
    state.strike(.enter)
    state.type("q")
    #expect(state.filter.text == "SERVice ")
    state.strike(.escape)
    #expect(owners(state).count == 6)
  }

  @Test func `while a filter is typed no letter is a command`() throws {
    var state = try state()
    state.type("/")
    #expect(state.strike(.character("q")) == .none)
    #expect(state.strike(.character("h")) == .none)
    #expect(!state.showsHelp)
    #expect(state.filter.text == "qh")
    state.strike(.control("u"))
    #expect(state.filter.text.isEmpty)
    state.type("a\u{1b}\u{202e}b")
    #expect(state.filter.text == "ab")
    state.strike(.escape)
    #expect(state.strike(.character("q")) == .quit)
  }

  @Test func `a filter that nothing matches says so, and keys do no harm`() throws {
    var state = try state()
    state.type("/nothing of the kind")
    state.strike(.enter, .down, .end, .pageUp, .enter)
    #expect(state.page == .owners)
    #expect(state.lines().contains { $0.contains("No owner matches") })
  }

  // MARK: Sockets

  @Test func `Enter leads to the sockets of the owner, the longest stuck first`() throws {
    var state = try state()
    state.strike(.enter)
    #expect(state.page == .sockets(Owner(.unit, "api.service")))
    // Its listener, and one that is still established.
    #expect(state.socketOrder.count == 32)
    let picture = try #require(state.picture)
    let ages = state.socketOrder.prefix(30).map { picture.sockets[Int($0)].age.seconds }
    #expect(ages == ages.sorted(by: >))
    #expect(ages.first == 59)
    state.strike(.escape)
    #expect(state.page == .owners)
  }

  @Test(arguments: TopSocketColumns.all.compactMap(\.screen?.title))
  func `every column of the sockets orders them, both ways`(column: String) throws {
    var state = try state()
    state.strike(.enter)
    for _ in TopSocketColumns.all where state.socketSort.column != column {
      state.strike(.character("s"))
    }
    #expect(state.socketSort.column == column)
    let order = state.socketOrder
    state.strike(.character("r"))
    #expect(state.socketOrder == order.reversed())
    if column == "REMOTE" { #expect(remotePorts(state) == remotePorts(state).sorted(by: >)) }
  }

  @Test func `a filter of sockets looks at state, ends, program and pid`() throws {
    var state = try state()
    state.strike(.enter)
    state.type("/listen")
    #expect(state.socketOrder.count == 1)
    state.strike(.control("u"))
    state.type("198.51.100.7 close_wait 4711 python")
    #expect(state.socketOrder.count == 30)
    state.strike(.escape, .escape)
    #expect(state.page == .owners)
  }

  @Test func `the cursor follows its socket while others come and go`() throws {
    var story = TopStory(TopStory.busyHost())
    var state = TopStory.empty()
    state.take(try story.look(at: 30))
    state.strike(.enter, .down, .down, .down)
    let chosen = try #require(state.chosenSocket.flatMap { state.picture?.id($0) })
    state.take(try story.look(at: 60))
    #expect(state.chosenSocket.flatMap { state.picture?.id($0) } == chosen)
  }

  // MARK: One socket

  @Test func `a socket that goes away can be read on, and is said to be gone`() throws {
    var host = HostScript()
    let api = host.start("api", pid: 100)
    host.listen(8080, by: api)
    host.add(.accepted(on: 8080, by: api).enters(.closeWait, at: 1, unread: 1).leaves(at: 40))
    var story = TopStory(host)
    var state = TopStory.empty()
    state.take(try story.look(at: 30))
    state.strike(.enter, .enter)
    #expect(!state.lines().contains { $0.contains("Gone by") })
    for second in stride(from: 42.0, through: 50, by: 2) {
      state.take(try story.look(at: second))
    }
    let lines = state.lines()
    #expect(lines.contains { $0.contains("Gone by") })
    #expect(lines.contains { $0.contains("CLOSE_WAIT for 29 s") })
    state.strike(.escape)
    #expect(state.socketOrder.count == 1)
  }

  @Test func `the other end on this host is named with its process`() throws {
    var host = HostScript()
    let server = host.start("server", pid: 100)
    let client = host.start("client", pid: 200)
    let ends = (Endpoint(.loopbackIPv4, 8080), Endpoint(.loopbackIPv4, 41000))
    host.listen(8080, by: server)
    host.add(.between(ends.0, ends.1, by: server).enters(.closeWait, at: 1))
    host.add(.between(ends.1, ends.0, by: client).enters(.finWait2, at: 1))
    var state = try TopStory.state(host, until: 60)
    state.type("/server")
    state.strike(.enter, .enter, .enter)
    let text = state.lines(100, 40).joined(separator: "\n")
    #expect(text.contains("on this host, in FIN_WAIT2: client[200] fd"))
    #expect(text.contains("held by    server[100] fd"))
  }

  /// What the page of the only connection says of the reason.
  private func why(_ changes: (inout HostScript, Int32, Int32) -> Void) throws -> String {
    var host = HostScript()
    let server = host.start("server", pid: 100)
    let client = host.start("client", pid: 200)
    host.listen(8080, by: server)
    changes(&host, server, client)
    var state = try TopStory.state(host, until: 60)
    state.type("/server")
    state.strike(.enter, .enter, .enter)
    return state.lines(200, 40).first { $0.contains("why ") } ?? ""
  }

  @Test func `that close() is missing is said only where nothing else can be`() throws {
    let ends = (Endpoint(.loopbackIPv4, 8080), Endpoint(.loopbackIPv4, 41000))
    let plain = try why { host, server, _ in
      host.add(.accepted(on: 8080, by: server).enters(.closeWait, at: 1))
    }
    #expect(plain.contains("close() is missing"))
    let unknown = try why { host, server, _ in
      host.add(
        .accepted(on: 8080, by: server).enters(.closeWait, at: 1).changed { $0.isMPTCP = true })
    }
    #expect(unknown.contains("MPTCP does not show") && !unknown.contains("missing"))
    let full = try why { host, server, client in
      host.add(
        .between(ends.0, ends.1, by: server).enters(.closeWait, at: 1, unsent: 5000))
      host.add(.between(ends.1, ends.0, by: client).enters(.finWait2, at: 1))
    }
    #expect(full.contains("Send-Q") && !full.contains("answer"), "\(full)")
    for isMPTCP in [false, true] {
      let asking = try why { host, server, client in
        host.add(
          .between(ends.0, ends.1, by: server).enters(.closeWait, at: 1)
            .changed { $0.isMPTCP = isMPTCP })
        host.add(.between(ends.1, ends.0, by: client).enters(.finWait2, at: 1))
      }
      #expect(asking.contains("may wait for an answer") && !asking.contains("missing"))
    }
  }

  // MARK: Time

  @Test func `a pause keeps the screen, and its end shows the newest look`() throws {
    var story = TopStory(TopStory.busyHost())
    var state = TopStory.empty()
    state.take(try story.look(at: 30))
    state.strike(.character("p"))
    let before = state.lines()
    state.take(try story.look(at: 32))
    state.take(try story.look(at: 60))
    #expect(state.lines() == before)
    #expect(before[0].contains("PAUSED"))
    state.strike(.character(" "))
    #expect(state.lines() != before)
    #expect(state.picture?.serial == 3)
  }

  @Test func `plus and minus change the pace in steps, to an end`() throws {
    var state = TopStory.empty()
    #expect(state.strike(.character("+")) == .pace(seconds: 5))
    #expect(state.strike(.character("-"), .character("-")) == .pace(seconds: 1))
    for _ in 0..<20 { state.strike(.character("+")) }
    #expect(state.intervalSeconds == 60)
    var own = TopState(place: TopState.Place(), intervalSeconds: 7)
    #expect(own.press(.character("-")) == .pace(seconds: 5))
  }

  @Test func `a look that fails is said, and the next one takes that back`() throws {
    var story = TopStory(TopStory.busyHost())
    var state = TopStory.empty()
    state.take(try story.look(at: 30))
    state.fail("sock_diag: No buffer space available (ENOBUFS)\u{1b}[2J")
    #expect(state.lines().contains { $0.contains("last look failed: sock_diag: No buffer") })
    #expect(!state.lines().joined().contains("\u{1b}"))
    state.take(try story.look(at: 32))
    #expect(!state.lines().contains { $0.contains("failed") })
  }

  @Test func `a look that takes long is said`() throws {
    var state = try state()
    state.lookingSince = HostScript.instant(55)
    #expect(state.lines()[0].contains("looking for 5.0 s"))
  }

  @Test func `help comes over any page, and the next key takes it away`() throws {
    var state = try state()
    state.strike(.enter, .character("?"))
    #expect(state.lines()[0].contains("Keys"))
    state.strike(.down)
    #expect(state.showsHelp)
    state.strike(.character("q"))
    #expect(!state.showsHelp)
    #expect(state.page == .sockets(Owner(.unit, "api.service")))
    #expect(state.strike(.control("l")) == .redraw)
  }
}
