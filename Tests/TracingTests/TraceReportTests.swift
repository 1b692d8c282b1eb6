// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting
import Testing

@testable import Tracing

/// What is said of sockets that are stuck at the end of a watch.
@Suite struct TraceReportTests {
  static func path(_ functions: String...) -> CodePath? {
    CodePath(
      functions.enumerated().map { index, name in
        StackFrame(function: name, file: "/srv/app.c", line: index + 1, isOwn: name != "__GI_recv")
      })
  }

  static func outcome(
    _ stuck: [StuckSocket], _ sightings: [UInt64: SocketSighting] = [:],
    loss: TraceLoss = TraceLoss()
  ) -> TraceOutcome {
    var outcome = TraceOutcome(
      target: TraceTarget(processes: [.init(pid: 812, command: "web")]), watchedSeconds: 60,
      accepted: 60, connected: 0, closed: 39, stuck: stuck)
    outcome.sightings = sightings
    outcome.loss = loss
    return outcome
  }

  static func waiting(
    _ cookie: UInt64, before: Bool = false, unread: UInt32 = 0
  ) -> StuckSocket {
    StuckSocket(cookie: cookie, state: .closeWait(unread: unread), wasStuckBefore: before)
  }

  static func ended(_ path: CodePath?, errno: Int32 = 0) -> SocketSighting {
    var sighting = SocketSighting()
    sighting.end = .init(errno: errno, path: path)
    return sighting
  }

  @Test func `a process is named with what its interpreter runs`() {
    var outcome = Self.outcome([])
    outcome.target.processes = [.init(pid: 812, command: "python3", main: "app.py")]
    #expect(TraceReport(outcome).text(TextStyle()).hasPrefix("WATCHED python3 app.py [812] for"))
  }

  @Test func `sockets that ended on one code path are one group, led by own code`() {
    var sighting = Self.ended(Self.path("__GI_recv", "read_all", "handle_upload"))
    sighting.opening = .accepted
    sighting.opener = Self.path("accept_one", "serve")
    let report = TraceReport(
      Self.outcome([Self.waiting(1), Self.waiting(2)], [1: sighting, 2: sighting]))
    #expect(
      report.text(TextStyle()) == """
        WATCHED web [812] for 60 s: 60 accepted, 39 closed, 2 still in CLOSE_WAIT; the
        code is known of all.

          2 of 2 learned of the end here, and did not close:
            read_all app.c:2 -> recv() = 0
            called by handle_upload app.c:3
            accepted at accept_one app.c:1 <- serve app.c:2

        These are the last places where the program touched these sockets. Whether they
        or their callers should close them, only the code can tell.

        """)
  }

  @Test func `handlers that share their innermost calls are told apart by their callers`() {
    let report = TraceReport(
      Self.outcome(
        [Self.waiting(1), Self.waiting(2)],
        [
          1: Self.ended(Self.path("__GI_recv", "read_all", "upload")),
          2: Self.ended(Self.path("__GI_recv", "read_all", "download")),
        ]))
    #expect(report.groups.map(\.sockets) == [1, 1])
  }

  @Test func `one line of own code is one group, on whichever way the runtime came to it`() {
    var frames = Self.path("__GI_recv", "read_all", "handle_upload")?.frames ?? []
    let straight = CodePath(frames)
    frames.insert(StackFrame(function: "method_vectorcall", isOwn: false), at: 2)
    let report = TraceReport(
      Self.outcome(
        [Self.waiting(1), Self.waiting(2), Self.waiting(3)],
        [
          1: Self.ended(straight), 2: Self.ended(CodePath(frames)),
          3: Self.ended(Self.path("__GI_recv", "read_all", "handle_download")),
        ]))
    #expect(report.groups.map(\.sockets) == [2, 1])
    #expect(report.known == 3)
  }

  @Test func `a socket whose stack was not read is unknown, and not what another was`() {
    let known = Self.ended(Self.path("__GI_recv", "upload"))
    let report = TraceReport(
      Self.outcome([Self.waiting(1), Self.waiting(2)], [1: known, 2: Self.ended(nil)]))
    #expect(report.known == 1)
    #expect(report.unknown == [.unreadable: 1])
  }

  @Test func `a connection that broke is said to have broken, and by which error`() {
    let report = TraceReport(
      Self.outcome(
        [StuckSocket(cookie: 1, state: .dead, wasStuckBefore: false)],
        [1: Self.ended(Self.path("__GI_recv", "upload"), errno: 104)]))
    let text = report.text(TextStyle())
    #expect(text.contains("1\ndead and not closed"))
    #expect(text.contains("learned here that the connection had broken"))
    #expect(text.contains("upload app.c:2 -> recv() = ECONNRESET"))
  }

  @Test func `what was stuck before the watch has neither reader nor opener`() {
    let report = TraceReport(Self.outcome([Self.waiting(1, before: true)]))
    #expect(report.unknown == [.stuckBefore: 1])
    #expect(report.text(TextStyle()).contains("stuck before the watch began"))
  }

  @Test func `that nobody has read is said only when nothing was missed`() {
    let waiting = [Self.waiting(1, unread: 1)]
    #expect(TraceReport(Self.outcome(waiting)).unknown == [.neverRead: 1])
    for kind in [\TraceLoss.lost, \.interrupted, \.refused, \.skipped, \.unread] {
      var loss = TraceLoss()
      loss[keyPath: kind] = 1
      #expect(TraceReport(Self.outcome(waiting, loss: loss)).unknown == [.missed: 1])
      #expect(TraceReport(Self.outcome([], loss: loss)).text(TextStyle()).contains("Missed events"))
    }
    #expect(
      TraceReport(
        Self.outcome([StuckSocket(cookie: nil, state: .dead, wasStuckBefore: false)])
      ).unknown == [.missed: 1])
  }

  @Test func `of a socket that has bytes unread the last read is told, else its opener`() {
    var read = SocketSighting()
    read.wasRead = true
    read.lastRead = Self.path("__GI_recv", "parse")
    var opened = SocketSighting()
    opened.opening = .connected
    opened.opener = Self.path("connect", "fetch")
    let report = TraceReport(
      Self.outcome([Self.waiting(1, unread: 7), Self.waiting(2, unread: 1)], [1: read, 2: opened]))
    #expect(report.groups.map(\.kind) == [.lastRead, .opened])
    let text = report.text(TextStyle())
    #expect(text.contains("last read here as far as was watched"))
    #expect(text.contains("connected here; not read since as far as was watched"))
  }

  @Test func `a system call is not own code where libc is linked in`() {
    let frames = [
      StackFrame(function: "__libc_recv", file: "/srv/web"),
      StackFrame(function: "read_all", file: "a.c", line: 9),
      // Somebody's own function of that name has a place in the source.
      StackFrame(function: "recv", file: "a.c", line: 30),
    ]
    #expect(CodePath(frames)?.frames.map(\.isOwn) == [false, true, true])
    #expect(CodePath(Array(frames[2...]))?.frames.map(\.isOwn) == [true])
  }

  @Test func `where nothing is left to read, the last read is told, and nobody not to have read`() {
    var read = SocketSighting()
    read.wasRead = true
    read.lastRead = Self.path("__GI_recv", "parse")
    var opened = SocketSighting()
    opened.opener = Self.path("connect", "fetch")
    let stuck = [Self.waiting(1), Self.waiting(2), Self.waiting(3)]
    let report = TraceReport(Self.outcome(stuck, [1: read, 3: opened]))
    #expect(report.groups.map(\.kind) == [.lastRead])
    #expect(report.unknown == [.readUnseen: 2])
    let text = report.text(TextStyle())
    #expect(text.contains("read the last bytes here, and did not close"))
    #expect(text.contains("by what a trace does not see"))
  }

  @Test func `what may have been missed is not claimed not to have happened`() {
    var read = SocketSighting()
    read.wasRead = true
    read.lastRead = Self.path("__GI_recv", "parse")
    var opened = SocketSighting()
    opened.opener = Self.path("connect", "fetch")
    let stuck = [Self.waiting(1, unread: 1), Self.waiting(2, unread: 1), Self.waiting(3)]
    func kinds(_ missed: WritableKeyPath<TraceLoss, UInt64>) -> [TraceGroup.Kind] {
      var loss = TraceLoss()
      loss[keyPath: missed] = 1
      return TraceReport(Self.outcome(stuck, [1: read, 2: opened, 3: read], loss: loss)).groups
        .map(\.kind)
    }
    #expect(kinds(\.interrupted) == [])
    #expect(kinds(\.lost) == [.lastRead])
    #expect(kinds(\.skipped) == [.lastRead, .lastRead])
  }

  @Test func `the JSON has the members of its schema, unknown ones as null`() {
    var outcome = Self.outcome(
      [Self.waiting(1), Self.waiting(2, before: true)],
      [1: Self.ended(CodePath([StackFrame(function: nil, file: "/srv/a \"b\"")]))])
    outcome.accepted = nil
    let json = String(decoding: TraceReport(outcome).json, as: UTF8.self)
    #expect(
      json == """
        {"schema_version":1,"target":{"pid":812,"unit":null,"pids":[812],\
        "processes":[{"pid":812,"command":"web","main":null}]},\
        "watched_seconds":60,"accepted":null,"closed":39,"stuck":2,"lost_events":0,\
        "groups":[{"sockets":1,"kind":"end-of-stream","frames":[{"function":null,\
        "file":"/srv/a \\"b\\"","line":null,"own":true}],"opener":[],\
        "errno":0,"opening":null,"has_unread":true}],"unknown":1,"connected":0,"dead":0,\
        "early_end":null,"loss":{"lost":0,"interrupted":0,"refused":0,"skipped":0,"unread":0},\
        "unknown_by_reason":[{"reason":"stuck-before","sockets":1}]}

        """)
  }

  @Test(arguments: [
    (TraceOutcome.EarlyEnd.targetEnded, "It ended before anybody"),
    (.otherProgram, "It executed another program before anybody"),
  ])
  func `of a target that is gone what is stuck is unknown, and not nothing`(
    end: TraceOutcome.EarlyEnd, words: String
  ) {
    var outcome = Self.outcome([])
    outcome.earlyEnd = end
    let report = TraceReport(outcome)
    let text = report.text(TextStyle()).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("39 closed. \(words)"))
    #expect(!text.contains("CLOSE_WAIT"))
    let json = String(decoding: report.json, as: UTF8.self)
    #expect(json.contains("\"stuck\":null"))
    #expect(json.contains("\"unknown\":null"))
  }

  @Test func `names that a program chose do not steer a terminal`() {
    let report = TraceReport(
      Self.outcome(
        [Self.waiting(1)],
        [1: Self.ended(CodePath([StackFrame(function: "a\u{1b}[2Jb", file: "c\u{7}.c")]))]))
    #expect(!report.text(TextStyle()).contains { $0 == "\u{1b}" || $0 == "\u{7}" })
  }

  /// One socket for a run, by the same judgement.
  @Test func `of one socket the place is told in a line, or why it is not known`() {
    var sighting = Self.ended(Self.path("__GI_recv", "read_all", "handle_upload"), errno: 104)
    sighting.opening = .accepted
    sighting.opener = Self.path("accept_one", "serve")
    let place = TraceReport.place(of: Self.waiting(1), sighting, TraceLoss())
    #expect(
      place.words == "learned that the connection had broken at read_all app.c:2 -> recv() ="
        + " ECONNRESET, called by handle_upload app.c:3; accepted at accept_one app.c:1 <- serve"
        + " app.c:2")
    #expect(place.kind == "end-of-stream")
    #expect(place.function == "read_all" && place.file == "/srv/app.c" && place.line == 2)

    var opened = SocketSighting()
    (opened.opening, opened.opener) = (.connected, Self.path("open_connection"))
    #expect(
      TraceReport.place(of: Self.waiting(1, unread: 1), opened, TraceLoss()).words
        == "not read since it was connected at open_connection app.c:1 -> connect()")
    var loss = TraceLoss()
    loss.lost = 1
    for (sighting, unread, loss, words) in [
      (opened, 0, TraceLoss(), "read to the end by what a trace does not see"),
      (opened, 1, loss, "some events were missed"),
      (Self.ended(nil), 0, TraceLoss(), "read while watched, by calls that could not be made out"),
    ] as [(SocketSighting, UInt32, TraceLoss, String)] {
      let place = TraceReport.place(of: Self.waiting(1, unread: unread), sighting, loss)
      #expect(place.kind == nil && place.line == nil)
      #expect(place.words.hasPrefix(words), "\(place.words)")
    }
  }
}
