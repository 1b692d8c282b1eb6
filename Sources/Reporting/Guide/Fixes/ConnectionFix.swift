// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Lasting fixes for how a program opens, uses and gives up connections, by runtime.
enum ConnectionFix {
  /// Reuse instead of a new connection per request.
  static func reuse(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go:
      [
        "http.Transport: MaxIdleConnsPerHost is 2 by default; set it to the number of parallel "
          + "requests.",
        "Read each body to its end before Close, or the connection can't be used again.",
        "One http.Client for the program; MaxConnsPerHost bounds a burst.",
      ]
    case .python:
      [
        "One requests.Session with HTTPAdapter(pool_maxsize=PARALLEL), not requests.get().",
        "aiohttp, httpx: one client for the program.",
      ]
    case .jvm:
      [
        "One shared client; raise its connections per route to the number of parallel requests.",
        "HttpURLConnection: read the body to its end; http.maxConnections is 5 by default.",
      ]
    case .node:
      ["new http.Agent({ keepAlive: true, maxSockets: n }), one for the program."]
    case .php:
      [
        "Keep one curl handle per worker and reuse it; persistent connections for databases.",
        "Otherwise put a local proxy in between that keeps its connections open.",
      ]
    case .ruby: ["Net::HTTP.start once and many requests in it, or net-http-persistent."]
    case .dotnet: ["IHttpClientFactory or one static HttpClient, never one per request."]
    case .rust:
      [
        "One client per program with pool_max_idle_per_host at the number of parallel "
          + "requests."
      ]
    case .swift: ["One HTTPClient or URLSession for the program; keep-alive on."]
    case .erlang:
      [
        "A pool with keep-alive (hackney, gun), its size the number of parallel "
          + "requests."
      ]
    default:
      [
        "Keep connections open and reuse them; let the server be the one that closes.",
        "IP_BIND_ADDRESS_NO_PORT before bind(addr, 0): else the port is taken for all targets.",
      ]
    }
  }

  /// Time limits on connect.
  static func connecting(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go: ["net.Dialer{Timeout: 3 * time.Second} in the Transport, and a context per request."]
    case .python: ["timeout=(3, 10) on every request; socket.create_connection(addr, timeout=3)."]
    case .jvm: ["connectTimeout on every client; socket.connect(address, 3000)."]
    case .node:
      [
        "net.connect has no limit: AbortSignal.timeout(3000), or setTimeout and destroy().",
        "Do not start the next attempt to the same place while one is under way.",
      ]
    case .php: ["CURLOPT_CONNECTTIMEOUT; the timeout argument of stream_socket_client."]
    case .perl: ["IO::Socket::IP, LWP::UserAgent, DBI drivers: Timeout => 3 (connect_timeout)."]
    case .ruby: ["open_timeout = 3; Socket.tcp(host, port, connect_timeout: 3)."]
    case .dotnet: ["SocketsHttpHandler.ConnectTimeout; ConnectAsync with a CancellationToken."]
    case .rust: ["connect_timeout on the client; tokio::time::timeout around connect."]
    case .swift: ["ClientBootstrap.connectTimeout(.seconds(3)); HTTPClient timeout.connect."]
    case .erlang: ["gen_tcp:connect(Host, Port, Options, 3000): the default is infinity."]
    default:
      [
        "A non-blocking connect with a deadline, or TCP_SYNCNT 2 on the socket (about 7 s).",
        "Stop trying for a while after a failure: back off.",
      ]
    }
  }

  /// Descriptors of dead connections: notice and close.
  static func dying(_ runtime: ProcessRuntime) -> [String] {
    let rule = "Every error of read and write ends the connection: close it, forget it everywhere."
    return switch runtime {
    case .go: ["defer conn.Close() where it is opened; a heartbeat that fails must return.", rule]
    case .python:
      ["except OSError: close and remove, never pass. with conn: does it on each path.", rule]
    case .jvm: ["catch (IOException e) with nothing in it: close there; try-with-resources.", rule]
    case .node:
      ["socket.on('error') and on('close'): destroy() and delete it from your maps.", rule]
    case .php: ["fwrite() returns false or 0: fclose(). @ hides the error, not the leak.", rule]
    case .ruby: ["rescue Errno::EPIPE, ECONNRESET: close there; ensure socket.close.", rule]
    case .dotnet:
      ["catch (IOException): Dispose. Return only living connections to the pool.", rule]
    case .rust: ["Do not ignore Err of write with let _: drop the stream there.", rule]
    case .swift:
      ["write() below 0 with EPIPE or ECONNRESET: close(fd). NIO: errorCaught, close.", rule]
    case .erlang:
      ["{error, _} from gen_tcp:send: close and stop. {active, once} reports the rest.", rule]
    default:
      [
        "EPIPE, ECONNRESET, ETIMEDOUT, EPOLLERR and EPOLLHUP: close(2) and forget the number.",
        rule,
      ]
    }
  }

  /// A limit on how long to wait for the peer's FIN after ours.
  static func halfClosing(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go: ["After CloseWrite(): SetReadDeadline, read to the end, Close."]
    case .python: ["After shutdown(SHUT_WR): settimeout(), read until b'', close in finally."]
    case .jvm: ["After shutdownOutput(): setSoTimeout, read until -1, close in finally."]
    case .node:
      ["After socket.end(): socket.setTimeout(5000, () => socket.destroy())."]
    case .dotnet: ["After Shutdown(SocketShutdown.Send): read with a timeout, then Dispose."]
    case .rust: ["After shutdown(): a timeout around the read to the end, then drop."]
    case .swift: ["After shutdown(fd, SHUT_WR): SO_RCVTIMEO, read to 0, close(fd). NIO: a timer."]
    case .erlang: ["After gen_tcp:shutdown(S, write): recv with a timeout, then gen_tcp:close(S)."]
    case .ruby: ["After close_write: read with a timeout, close in ensure."]
    case .php: ["After stream_socket_shutdown: stream_set_timeout, read to feof(), fclose()."]
    default:
      ["After shutdown(SHUT_WR): a deadline for the peer's FIN, then close(2)."]
    }
  }
}
