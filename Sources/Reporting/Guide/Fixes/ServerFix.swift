// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Lasting fixes for whoever writes a server, by runtime: its sockets came through a listener.
enum ServerFix {
  /// The end of the stream was taken and close() is missing.
  static func afterEnd(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go:
      [
        "defer conn.Close() right after Accept, in the goroutine that owns conn.",
        "In a proxy: when io.Copy ends, CloseWrite() the other side, and close both when both end.",
        "In a hub: delete the client from the map and close it in the same function.",
      ]
    case .python:
      [
        "with conn: around the handler, so that every return and exception closes it.",
        "asyncio: in finally, writer.close(), then await writer.wait_closed().",
        "recv() returns b'': leave the loop, close, and drop it from every table that names it.",
      ]
    case .jvm:
      [
        "try (Socket s = server.accept()) { ... } in the worker, so that every path closes it.",
        "NIO: read() returns -1: channel.close(). Cancelling the key does not close the channel.",
        "Netty: close in channelInactive; with ALLOW_HALF_CLOSURE also on the shutdown event.",
      ]
    case .node:
      [
        "Half-open sockets (http upgrade and connect, allowHalfOpen): on 'end', socket.end().",
        "Every socket: on 'error', socket.destroy().",
        "net.createServer without allowHalfOpen answers the FIN by itself.",
      ]
    case .php:
      [
        "fread() returns '' and feof() is true: fclose() it and unset it from the select() array.",
        "ReactPHP and similar: close on 'end', not only on 'close'.",
      ]
    case .perl:
      ["sysread returns 0: close the socket, and remove it from IO::Select and every hash."]
    case .ruby:
      [
        "ensure socket.close in the handler, so that every path closes it.",
        "readpartial raises EOFError: close there, and delete the socket from the select list.",
      ]
    case .dotnet:
      [
        "await using or using around NetworkStream and TcpClient in the handler.",
        "ReadAsync returns 0: Dispose. CancellationToken on every await that can wait forever.",
      ]
    case .rust:
      [
        "Let the stream be dropped when read returns Ok(0). Look for a clone, an Arc or a map "
          + "that "
          + "keeps it, and for a task that awaits something else forever.",
        "tokio: copy_bidirectional closes both sides; two copy() tasks do not.",
      ]
    case .swift:
      [
        "read() returns 0: close(fd), and remove it from every dictionary and poll list.",
        "NIO: close in channelInactive; with allowRemoteHalfClosure on inputClosed, or turn it "
          + "off.",
      ]
    case .erlang:
      [
        "{active, once}: close on the tcp_closed message and stop the owning process.",
        "{exit_on_close, false}: you must call gen_tcp:close/1 yourself.",
      ]
    default:
      [
        "read() returns 0: close(2) the descriptor and forget it in every table.",
        "Keep reading until 0: a read can take the last data and the FIN together and return data.",
        "Taking it out of epoll or poll does not close it.",
      ]
    }
  }

  /// The end of the stream waits in the socket: its handler waits for something else, or is gone.
  static func endUnseen(_ runtime: ProcessRuntime) -> [String] {
    let wait = "A timeout on everything that a handler waits for, then close in its last step."
    return switch runtime {
    case .go:
      [
        "A handler that waits: select on r.Context().Done() too (net/http cancels it at the FIN).",
        "Raw connections: one goroutine always reads; at io.EOF it cancels the rest and closes.",
        wait,
      ]
    case .python:
      [
        "Give each wait of a handler a limit: queue.get(timeout=...), lock, database; close in "
          + "finally.",
        "gevent: with gevent.Timeout(limit) around the handler. asyncio: asyncio.timeout(limit), "
          + "or\nwatch reader.at_eof() beside the work.",
        "Sync workers behind keep-alive clients: threads or async workers, and a keep-alive limit.",
      ]
    case .jvm:
      [
        "A worker that waits does not read: poll(timeout), get(timeout); close in finally.",
        "Servlets: AsyncContext.setTimeout, and complete() in onTimeout and onError.",
        "NIO: keep OP_READ while the work runs elsewhere. Netty: autoRead off hides the FIN.",
      ]
    case .node:
      [
        "A paused socket hides its 'end': resume() it, or destroy() it when the work is over.",
        "On req 'close', end the work for this request, and answer or destroy in every path.",
      ]
    case .php:
      [
        "A script that waits does not see its client go: timeouts on each of its calls.",
        "Servers of your own: keep every client in stream_select(), also while it is idle.",
      ]
    case .perl:
      [
        "A worker that waits does not read: alarm or Timeout on sockets, DBI and locks.",
        "AnyEvent, Mojolicious: keep a read handler on each client, and close in its on_error.",
      ]
    case .ruby:
      [
        "A thread that waits does not read: Queue#pop(timeout:), read_timeout, statement timeouts.",
        "ensure socket.close in the handler, so that every path closes it.",
      ]
    case .dotnet:
      [
        "HttpContext.RequestAborted into every await of the handler.",
        "Raw sockets: keep a ReadAsync under way beside the work; at 0, cancel the rest, Dispose.",
      ]
    case .rust:
      [
        "tokio::select! between the work and a read of the connection; drop it at Ok(0).",
        "tokio::time::timeout around everything that the task waits for.",
      ]
    case .swift:
      [
        "NIO: autoRead off and no read() means that the FIN is never seen. Always read again.",
        "Tasks: a timeout around what they await; close the channel in defer.",
      ]
    case .erlang:
      [
        "{active, false} and no recv: the close is never seen. Use {active, once}, also at work.",
        "A timeout on gen_server:call in the handler, and gen_tcp:close/1 in terminate.",
      ]
    default:
      [
        "Keep every open descriptor in the event loop with EPOLLRDHUP, also while it is busy.",
        "Edge-triggered epoll: read until EAGAIN, or the FIN raises no further event.", wait,
      ]
    }
  }

  /// Unread data in the socket: stuck workers.
  static func unreadInput(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go: ["conn.SetReadDeadline and context timeouts on every call a handler makes."]
    case .python:
      [
        "A timeout on every call of a worker: requests timeout=, database and lock timeouts.",
        "Sync workers behind keep-alive clients: threads or async workers, and a keep-alive limit.",
      ]
    case .jvm:
      [
        "Find the lock or call in the thread dump that all workers wait for; give it a timeout.",
        "Bound the queue of the pool and reject above it; setSoTimeout on accepted sockets.",
      ]
    case .node:
      [
        "Never leave a socket paused: after pause() call resume(), or destroy() it.",
        "Take long synchronous work out of the event loop.",
      ]
    case .php:
      [
        "default_socket_timeout and timeouts on database calls: no worker may wait forever.",
        "Servers of your own: fread() until '' before the next stream_select().",
      ]
    case .ruby:
      [
        "open_timeout and read_timeout on every call of a worker; a statement timeout on the "
          + "database.",
        "Puma: more threads do not cure a lock. Find it in the stacks.",
      ]
    case .dotnet:
      [
        "No .Result and no .Wait() in handlers: they block the pool's threads.",
        "A CancellationToken with a timeout on every await.",
      ]
    case .rust:
      [
        "No blocking call in an async task: spawn_blocking. tokio::time::timeout on the rest.",
        "Look for a Mutex that is held across an await.",
      ]
    case .swift:
      [
        "Never block an event loop: no wait() in a handler. Timeouts on every call.",
        "poll(2): read again after a partial read; edge-triggered: until EAGAIN.",
      ]
    case .erlang:
      [
        "{active, once} must be set again after each message; a full mailbox is a stuck process.",
        "A timeout on gen_server:call, and no infinity in handlers.",
      ]
    default:
      [
        "Edge-triggered epoll: read until EAGAIN. One read per event leaves the rest forever.",
        "A timeout on every call that a worker makes; no lock held while it waits.",
        "Bound the queue between acceptor and workers; close what waits longer than its client.",
      ]
    }
  }

  /// Time limits on clients that are silent.
  static func idling(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go:
      [
        "http.Server.IdleTimeout and ReadTimeout.",
        "Raw connections: SetDeadline, renewed with each message.",
      ]
    case .python: ["Keep-alive time of the server (gunicorn: keepalive); settimeout() on each."]
    case .jvm: ["Idle timeout of the connector; setSoTimeout; Netty: IdleStateHandler."]
    case .node: ["server.keepAliveTimeout and server.timeout; socket.setTimeout, then destroy()."]
    case .php: ["A time of last use for each client, and a sweep in the loop that closes old ones."]
    case .ruby: ["Puma: persistent_timeout; raw sockets: IO.select with a limit, then close."]
    case .dotnet: ["Kestrel: KeepAliveTimeout and MaxConcurrentConnections."]
    case .rust: ["A timeout around each read; hyper: header_read_timeout."]
    case .swift: ["NIO: IdleStateHandler, then close."]
    case .erlang: ["A receive with after; idle_timeout of cowboy."]
    default:
      ["A time of last use for each connection, and a sweep that closes what is too old."]
    }
  }
}
