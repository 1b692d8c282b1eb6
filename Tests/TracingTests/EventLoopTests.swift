// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting
import Testing

@testable import Tracing

/// What is said of sockets that an event loop has read, and of whom it calls.
@Suite struct EventLoopTests {
  /// A path through a loop, in files where that matters: `*` marks what is the program's own.
  private static func loop(_ functions: String...) -> CodePath? {
    CodePath(
      functions.map { words in
        let isOwn = words.hasPrefix("*")
        let parts = words.drop { $0 == "*" }.split(separator: " ", maxSplits: 1).map(String.init)
        return StackFrame(
          function: parts[0], file: parts.count > 1 ? parts[1] : nil, isOwn: isOwn)
      })
  }

  private static func words(_ report: TraceReport) -> String {
    report.text(TextStyle()).split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test func `who started an event loop is not told to have read for it`() throws {
    let path = try #require(
      Self.loop(
        "recv", "_read_ready", "Handle._run",
        "BaseEventLoop._run_once /usr/lib/python3.11/asyncio/base_events.py", "run", "*main"))
    let outcome = TraceReportTests.outcome(
      [TraceReportTests.waiting(1)], [1: TraceReportTests.ended(path)])
    let text = TraceReport(outcome).text(TextStyle())
    #expect(text.contains("in an event loop"))
    #expect(text.contains("called by _read_ready"))
    #expect(text.contains("Next it calls eof_received()"))
    #expect(!text.contains("main"))
    #expect(path.frames.allSatisfy { !$0.isOwn })
    let place = TraceReport.place(
      of: TraceReportTests.waiting(1), TraceReportTests.ended(path), TraceLoss())
    #expect(place.function == nil)
  }

  @Test func `a handler that reads when a loop has called it is named`() throws {
    let path = try #require(
      Self.loop("recv", "*handle_upload", "event_process_active", "event_base_loop", "*main"))
    let outcome = TraceReportTests.outcome(
      [TraceReportTests.waiting(1)], [1: TraceReportTests.ended(path)])
    #expect(TraceReport(outcome).text(TextStyle()).contains("here, and did not close"))
    #expect(path.lead.function == "handle_upload")
  }

  @Test func `who listens to the end is told as listeners that do not call each other`() {
    var sighting = TraceReportTests.ended(Self.loop("read", "uv__read", "uv_run"))
    sighting.endListeners = TraceReportTests.path("onEnd", "logEnd")?.frames ?? []
    let report = TraceReport(TraceReportTests.outcome([TraceReportTests.waiting(1)], [1: sighting]))
    #expect(report.groups.map(\.kind) == [.endListener])
    let text = report.text(TextStyle())
    #expect(
      text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(
        "their listeners are:"))
    #expect(text.contains("onEnd app.c:1\n"))
    #expect(text.contains("logEnd app.c:2\n"))
    #expect(!text.contains("called by"))
    #expect(!text.contains("read()"))
  }

  @Test func `who has read by himself is told, whoever listens`() {
    var sighting = TraceReportTests.ended(TraceReportTests.path("__GI_recv", "read_all"))
    sighting.endListeners = TraceReportTests.path("onEnd")?.frames ?? []
    let report = TraceReport(TraceReportTests.outcome([TraceReportTests.waiting(1)], [1: sighting]))
    #expect(report.groups.map(\.kind) == [.endOfStream])
  }

  @Test func `a task is told where it waits, and what it was when it has ended`() throws {
    var waiting = TraceReportTests.ended(Self.loop("recv", "uv__read", "uv_run"))
    let path = try #require(Self.loop("sleep", "*upload", "*handle"))
    waiting.task = .init(path: path, hasEnded: false)
    var ended = waiting
    ended.task = .init(path: try #require(Self.loop("*handle")), hasEnded: true)
    let report = TraceReport(
      TraceReportTests.outcome(
        [TraceReportTests.waiting(1), TraceReportTests.waiting(2)], [1: waiting, 2: ended]))
    #expect(report.groups.map(\.kind) == [.waitingTask, .endedTask])
    let text = Self.words(report)
    #expect(text.contains("the task of each waits here: upload called by handle"))
    #expect(text.contains("the task of each has ended; it was: handle"))
    #expect(!text.contains("recv"))
    let place = TraceReport.place(of: TraceReportTests.waiting(1), waiting, TraceLoss())
    #expect(place.function == "upload")
  }

  @Test func `who has only asked to be called is not told to have learned of the end`() {
    for way in [
      "g_input_stream_read_async",
      "boost::asio::detail::reactive_socket_service_base::start_op(int)",
    ] {
      let path = Self.loop("recv", way, "*on_first", "g_main_loop_run", "*main")
      let report = TraceReport(
        TraceReportTests.outcome([TraceReportTests.waiting(1)], [1: TraceReportTests.ended(path)]))
      let text = Self.words(report)
      #expect(text.contains("asked here for what comes next, which was the end"))
      #expect(!text.contains("learned"))
      let broken = TraceReport(
        TraceReportTests.outcome(
          [TraceReportTests.waiting(1)], [1: TraceReportTests.ended(path, errno: 104)]))
      #expect(Self.words(broken).contains("had broken"))
    }
  }

  @Test(arguments: [
    ["recv", "evbuffer_read", "event_base_loop"], ["read", "uv__read", "uv_run"],
    ["recv", "g_main_context_dispatch", "g_main_loop_run"],
    ["recv", "boost::asio::detail::scheduler::do_run_one(int)"],
    ["recv", "EPollReactor.doPoll", "ReactorBase.mainLoop /v/twisted/internet/base.py"],
    ["read", "io.netty.channel.nio.NioEventLoop.run"],
  ])
  func `of each loop it is said whom it calls next`(functions: [String]) throws {
    let frames = functions.flatMap { Self.loop($0)?.frames ?? [] }
    let path = try #require(CodePath(frames + [StackFrame(function: "began_it")]))
    let report = TraceReport(
      TraceReportTests.outcome([TraceReportTests.waiting(1)], [1: TraceReportTests.ended(path)]))
    let text = Self.words(report)
    #expect(text.contains("in an event loop"))
    #expect(text.contains(" Next "))
    #expect(!text.contains("began_it"))
  }

  @Test func `a task that a runtime calls is no loop's`() throws {
    let path = try #require(
      Self.loop(
        "recv", "tokio::runtime::io::registration::Registration::poll_io", "*web::read_all",
        "<tokio::runtime::task::core::Core<T,S>>::poll", "*web::main"))
    #expect(!path.isOfEventLoop)
    #expect(path.lead.function == "web::read_all")
  }

  @Test func `what the kernel saw break a connection is not told as its end`() {
    var sighting = TraceReportTests.ended(TraceReportTests.path("read", "uv__read"), errno: 104)
    sighting.endListeners = TraceReportTests.path("onEnd")?.frames ?? []
    let report = TraceReport(TraceReportTests.outcome([TraceReportTests.waiting(1)], [1: sighting]))
    #expect(report.groups.map(\.kind) == [.endOfStream])
  }

  @Test func `where no code is known as the program's own, nobody is accused`() {
    let path = Self.loop("recv", "rb_io_getpartial", "rb_vm_exec")
    let outcome = TraceReportTests.outcome(
      [TraceReportTests.waiting(1)], [1: TraceReportTests.ended(path)])
    let text = TraceReport(outcome).text(TextStyle()).split(separator: "\n").joined(separator: " ")
    #expect(text.contains("in code that is not known"))
    #expect(text.contains("called by rb_io_getpartial <- rb_vm_exec"))
  }
}
