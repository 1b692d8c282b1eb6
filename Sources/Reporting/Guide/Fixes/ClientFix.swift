// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Lasting fixes for whoever writes a client, by runtime: it opened its sockets itself.
enum ClientFix {
  /// The end of the stream was taken and close() is missing.
  static func afterEnd(_ runtime: ProcessRuntime) -> [String] {
    let pool = "Pools: drop a connection that has ended when it is found; end idle ones first."
    return switch runtime {
    case .go: ["defer conn.Close() right after Dial; Close() what a pool throws away.", pool]
    case .python:
      [
        "close() in finally, or with; asyncio: writer.close(), then await writer.wait_closed().",
        "One client with one pool for the program; close what is made for a task in that task.",
        pool,
      ]
    case .jvm: ["try-with-resources around what connect() or a pool gives you.", pool]
    case .node:
      ["On 'end' and 'error', destroy() the socket and delete it from your maps.", pool]
    case .php: ["feof() is true: fclose() the stream; unset the object that has it.", pool]
    case .perl:
      ["sysread returns 0 or undef: close it, and delete it from every hash and array.", pool]
    case .ruby: ["Give a block to TCPSocket.open, or ensure close.", pool]
    case .dotnet: ["using around TcpClient and NetworkStream; ReadAsync returns 0: Dispose.", pool]
    case .rust:
      ["Drop the stream at Ok(0). Look for a clone, an Arc or a map that keeps it.", pool]
    case .swift: ["NIO: close in channelInactive; read() returns 0: close(fd).", pool]
    case .erlang: ["Close on the tcp_closed message and stop the owning process.", pool]
    default:
      [
        "read() returns 0: close(2) the descriptor and forget it in every table.",
        "libcurl: curl_easy_cleanup() each handle when its work is done.", pool,
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
        "One HttpClient with one pool, shared. Apache: evictIdleConnections and "
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
        "php-fpm: pm.max_requests recycles workers and bounds what they can hold.",
      ]
    case .perl:
      [
        "DBI, Net::LDAP, Redis: disconnect or undef each handle when its work is done.",
        "One LWP::UserAgent for the program; its keep_alive cache holds as many as it is told.",
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
      ["One HTTPClient for the program, shut down at its end; one URLSession, invalidated."]
    case .erlang:
      ["hackney, gun: close or stream the body to its end; set an idle timeout on the pool."]
    default:
      [
        "libcurl: curl_easy_cleanup() each handle; pools: end entries older than the server's "
          + "limit.",
        "Keep idle connections in the event loop with EPOLLRDHUP, and close them on it.",
      ]
    }
  }

  /// Unread data in the socket: responses that nobody reads to the end.
  static func unreadInput(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go: ["io.Copy(io.Discard, resp.Body), then resp.Body.Close(), in every path."]
    case .python: ["With stream=True: with session.get(...) as r, or r.close() in finally."]
    case .jvm: ["EntityUtils.consume(entity), or close the response unread."]
    case .node: ["res.resume() when the body does not matter; res.destroy() to give it up."]
    case .php: ["fclose() streams that are not read to their end."]
    case .ruby: ["Read the body in the block of Net::HTTP.start, or finish the connection."]
    case .dotnet: ["Dispose responses that are not read: using var response = ..."]
    case .rust: ["Read the body to its end, or drop the response."]
    case .swift: ["Collect or cancel the body of every response."]
    case .erlang: ["hackney:skip_body/1 or hackney:close/1, in error paths too."]
    default:
      ["Read each answer to its end, or close(2) the connection: nothing else ends it."]
    }
  }

  /// A bound on pools and on the time that a connection is kept unused.
  static func idling(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go: ["http.Transport: IdleConnTimeout and MaxConnsPerHost; pools: a maximum size."]
    case .python:
      [
        "One client with one bounded pool for the program: not one for each task or event loop.",
        "Databases: pool_recycle and pool_size; redis: max_connections.",
      ]
    case .jvm: ["Maximum size and idle time of each pool, and one pool for the program."]
    case .node: ["http.Agent: maxSockets and maxFreeSockets; pools: max and idleTimeoutMillis."]
    case .php: ["Persistent connections only where their number is bounded; pm.max_requests."]
    case .ruby: ["Pools: a size and an idle timeout (connection_pool, ActiveRecord: reaping)."]
    case .dotnet: ["SocketsHttpHandler: PooledConnectionIdleTimeout and MaxConnectionsPerServer."]
    case .rust: ["pool_idle_timeout and pool_max_idle_per_host, and one client for the program."]
    case .swift: ["HTTPClient: connectionPool.idleTimeout, and one client for the program."]
    case .erlang: ["A maximum size and an idle timeout on each pool (hackney_pool, gun)."]
    default:
      ["A time of last use for each connection, a maximum number, and a sweep that closes."]
    }
  }
}
