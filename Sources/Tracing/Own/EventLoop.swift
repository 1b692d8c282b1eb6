// SPDX-License-Identifier: Apache-2.0

/// A library's loop that reads for all its sockets. Who called it began it, no more; and whom it
/// tells of an end is on no stack.
struct EventLoop: Sendable {
  /// Its functions.
  private var functions: Set<String> = []
  /// How the names of such functions begin that are many.
  private var prefixes: [String] = []
  /// Their source files, where the names are others' too. A recording has no folders.
  private var sources: Set<Substring> = []
  /// Whom it calls next, and what that should do: where somebody looks who wants to know which
  /// handler it was. nil where another line says it.
  private(set) var next: String?

  /// The outermost that is among these calls: one can run in another, as uvloop's in asyncio.
  static func outermost(in frames: [StackFrame]) -> EventLoop? {
    for frame in frames.reversed() {
      if let loop = known.first(where: { $0.has(frame) }) { return loop }
    }
    return nil
  }

  /// Whether this call is one of a loop.
  static func has(_ frame: StackFrame) -> Bool { known.contains { $0.has(frame) } }

  private func has(_ frame: StackFrame) -> Bool {
    guard !frame.isOwn, let function = frame.function else { return false }
    if !sources.isEmpty {
      let file = frame.file?.split(separator: "/").last
      guard let file, sources.contains(file) else { return false }
    }
    guard !functions.contains(function) else { return true }
    return prefixes.contains { OwnCode.withoutDecoration(function).hasPrefix($0) }
  }

  /// Seen on stacks: asyncio and uvloop, Twisted, libuv, Node, libevent, GLib, Boost.Asio, tokio,
  /// Netty. libev's own functions read nothing.
  private static let known = [
    EventLoop(
      functions: ["BaseEventLoop._run_once", "Runner.run"],
      sources: ["base_events.py", "runners.py"],
      next:
        "Next it calls eof_received() of the connection's protocol: look for what keeps its"
        + " transport, or its writer, and does not close() it."),
    EventLoop(
      functions: ["ReactorBase.mainLoop", "ReactorBase.run"], sources: ["base.py"],
      next:
        "Next it calls readConnectionLost() of the connection's protocol: look for one that does"
        + " not call loseConnection()."),
    EventLoop(
      functions: ["BaseServer.serve_forever"], sources: ["socketserver.py"],
      next: "Next its request handler ends: look for what keeps the request's socket."),
    EventLoop(
      functions: ["uv__io_poll", "uv_run"],
      next:
        "Next it calls the stream's read callback with UV_EOF: look for one that does not"
        + " uv_close() the stream."),
    // What is to be asked is said by the trace itself.
    EventLoop(prefixes: ["node::"]),
    EventLoop(
      functions: ["event_base_loop"],
      next:
        "Next it calls the event callback of the bufferevent with BEV_EVENT_EOF: look for one that"
        + " does not bufferevent_free() it."),
    EventLoop(
      functions: [
        "g_main_context_dispatch", "g_main_context_iterate", "g_main_context_iteration",
        "g_main_loop_run",
      ],
      next:
        "Next it calls what was given to the read that was to come: look for what does not close"
        + " its stream."),
    EventLoop(
      prefixes: ["boost::asio::detail::scheduler::"],
      next:
        "Next it calls what was given to the read that was to come, with boost::asio::error::eof:"
        + " look for what goes on holding its socket."),
    EventLoop(prefixes: ["tokio::runtime::scheduler::", "tokio::runtime::task::"]),
    EventLoop(
      functions: ["io.netty.channel.nio.NioEventLoop.run"],
      prefixes: ["io.netty.channel.nio.NioEventLoop.processSelectedKey"],
      next:
        "Next the channel's handlers are told, by ChannelInputShutdownEvent where half-closure is"
        + " allowed: look for one that does not close() the channel."),
    EventLoop(functions: ["ev_run"]),
  ]
}

extension CodePath {
  /// Whether the innermost of its own code has asked a library to read some time, and the read was
  /// made at once. Its end is told to whom it gave the library to call.
  var isAskedForLater: Bool {
    let lead = frames.firstIndex(where: \.isOwn) ?? 0
    return frames[..<lead].contains { frame in
      guard let function = frame.function else { return false }
      return function == "g_input_stream_read_async"
        || function.contains("boost::asio::") && function.contains("::async_read_some")
        || function.contains("boost::asio::detail::reactive_socket_service_base::")
    }
  }
}
