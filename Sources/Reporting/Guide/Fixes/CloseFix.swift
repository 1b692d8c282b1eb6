// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Lasting fixes for connections that the peer has closed and the program has not, by runtime.
enum CloseFix {
  /// The end of the stream was taken and close() is missing.
  static func afterEnd(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go:
      [
        "defer conn.Close() right after Accept or Dial, in the goroutine that owns conn.",
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
        "ReactPHP and the like: close on 'end', not only on 'close'.",
      ]
    case .ruby:
      [
        "ensure socket.close in the handler; or give a block to TCPSocket.open.",
        "readpartial raises EOFError: close there, and delete the socket from the select list.",
      ]
    case .dotnet:
      [
        "await using or using around NetworkStream and TcpClient in the handler.",
        "ReadAsync returns 0: Dispose. CancellationToken on every await that can wait for ever.",
      ]
    case .rust:
      [
        "Let the stream be dropped when read returns Ok(0). Look for a clone, an Arc or a map "
          + "that\nkeeps it, and for a task that awaits something else for ever.",
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
    case .nginx, .haproxy, .envoy: proxy(runtime)
    case .native, .unknown:
      [
        "read() returns 0: close(2) the descriptor and forget it in every table.",
        "Read on until 0: a read can take the last data and the FIN together and return data.",
        "Taking it out of epoll or poll does not close it.",
      ]
    }
  }

  /// The FIN was not even read: a response, a client or a pool entry that was dropped.
  static func dropped(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go:
      [
        "defer resp.Body.Close() after every request without error, also when you ignore the body.",
        "io.Copy(io.Discard, resp.Body) before it, so that the connection can be used again.",
        "One http.Client for the program; set IdleConnTimeout below the server's keep-alive time.",
      ]
    case .python:
      [
        "One requests.Session for the program, not one per task; with stream=True use with.",
        "One redis or database client for all threads; close() what is made per task in finally.",
        "asyncio: one aiohttp.ClientSession, closed with async with.",
      ]
    case .jvm:
      [
        "try-with-resources around every response and stream; close it in error paths too.",
        "One HttpClient with one pool, shared. Apache: evictIdleConnections and\n"
          + "evictExpiredConnections; OkHttp and pools of databases: max lifetime below the "
          + "server's.",
      ]
    case .node:
      [
        "Consume or destroy every response: res.resume() or res.destroy(), also on bad status.",
        "One http.Agent with keepAlive: true and maxSockets, made once, not per request.",
      ]
    case .php:
      [
        "Close the handle when its work is done; persistent ones stay, one per worker.",
        "php-fpm: pm.max_requests makes workers start afresh and bounds what they can hold.",
      ]
    case .ruby:
      [
        "Net::HTTP.start(host, port) { |http| ... }: the block closes it.",
        "One connection manager for all threads, or finish it when its thread ends.",
      ]
    case .dotnet:
      [
        "IHttpClientFactory or one static HttpClient; using around every HttpResponseMessage.",
        "SocketsHttpHandler.PooledConnectionIdleTimeout below the server's keep-alive time.",
      ]
    case .rust:
      [
        "One client for the program (reqwest::Client is an Arc: clone it), none per request.",
        "pool_idle_timeout below the server's. Drop the response or read it to its end.",
      ]
    case .swift:
      [
        "One HTTPClient for the program, shut down at its end; one URLSession, invalidated.",
        "NIO: autoRead off and no read() means that the FIN is never seen. Always read again.",
      ]
    case .erlang:
      [
        "{active, false} and no recv: the close is never seen. Use {active, once}.",
        "hackney, gun: close or stream the body to its end; set an idle timeout on the pool.",
      ]
    case .nginx, .haproxy, .envoy: proxy(runtime)
    case .native, .unknown:
      [
        "Keep every open descriptor in the event loop with EPOLLRDHUP, also while it is idle.",
        "Edge-triggered epoll: read until EAGAIN, or the FIN raises no further event.",
        "libcurl: curl_easy_cleanup() each handle; pools: end entries older than the server's "
          + "limit.",
      ]
    }
  }

  /// What the proxies have for it: time limits.
  static func proxy(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .nginx:
      [
        "Set proxy_read_timeout, send_timeout and keepalive_timeout: they end forgotten sides.",
        "After reloads: worker_shutdown_timeout ends old workers with their connections.",
        "Third-party or Lua code: it must not wait without a time limit. Update nginx otherwise.",
      ]
    case .haproxy:
      [
        "Set timeout client, server, client-fin, server-fin and tunnel: they end half-closed "
          + "sides.",
        "Update to the last release of your branch: CLOSE_WAIT leaks were fixed there, repeatedly.",
        "After reloads: hard-stop-after ends the old process with its connections.",
      ]
    default:
      [
        "Set idle_timeout on the TCP proxy and stream_idle_timeout on HTTP: both end idle sides.",
        "Set idle_timeout of the cluster below the server's keep-alive time.",
      ]
    }
  }
}
