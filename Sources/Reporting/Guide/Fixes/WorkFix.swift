// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Lasting fixes for programs that are stuck or too slow, by runtime: input that nobody takes,
/// connections that nobody accepts, peers that do not read.
enum WorkFix {
  /// Input waits in the socket: stuck workers, or bodies nobody reads.
  static func unreadInput(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .go:
      [
        "conn.SetReadDeadline and context timeouts on every call a handler makes.",
        "Client side: io.Copy(io.Discard, resp.Body), then resp.Body.Close().",
      ]
    case .python:
      [
        "A time limit on every call of a worker: requests timeout=, database and lock timeouts.",
        "Client side with stream=True: with session.get(...) as r, or r.close() in finally.",
        "Sync workers behind keep-alive clients: threads or async workers, and a keep-alive limit.",
      ]
    case .jvm:
      [
        "Find the lock or call in the thread dump that all workers wait for; give it a time limit.",
        "Bound the queue of the pool and reject above it; setSoTimeout on accepted sockets.",
        "Client side: EntityUtils.consume(entity), or close the response unread.",
      ]
    case .node:
      [
        "Never leave a socket paused: after pause() call resume(), or destroy() it.",
        "Client side: res.resume() when the body does not matter.",
        "Take long synchronous work out of the event loop.",
      ]
    case .php:
      [
        "php-fpm: request_terminate_timeout ends stuck requests; request_slowlog_timeout shows "
          + "them.",
        "default_socket_timeout and time limits on database calls; fclose() streams not read.",
      ]
    case .ruby:
      [
        "open_timeout and read_timeout on every client; a statement timeout on the database.",
        "Puma: more threads do not cure a lock. Find it in the stacks.",
      ]
    case .dotnet:
      [
        "No .Result and no .Wait() in handlers: they block the pool's threads.",
        "A CancellationToken with a time limit on every await; dispose responses not read.",
      ]
    case .rust:
      [
        "No blocking call in an async task: spawn_blocking. tokio::time::timeout on the rest.",
        "Look for a Mutex that is held across an await.",
      ]
    case .swift:
      [
        "Never block an event loop: no wait() in a handler. Time limits on every call.",
        "poll(2): read again after a partial read; edge-triggered: until EAGAIN.",
      ]
    case .erlang:
      [
        "{active, once} must be set again after each message; a full mailbox is a stuck process.",
        "A time limit on gen_server:call, and no infinity in handlers.",
      ]
    case .nginx, .haproxy, .envoy: CloseFix.proxy(runtime)
    case .native, .unknown:
      [
        "Edge-triggered epoll: read until EAGAIN. One read per event leaves the rest for ever.",
        "A time limit on every call that a worker makes; no lock held while it waits.",
        "Bound the queue between acceptor and workers; close what waits longer than its client.",
      ]
    }
  }

  /// Nobody calls accept().
  static func accepting(_ runtime: ProcessRuntime) -> [String] {
    let rule = "The loop that accepts must do nothing else: no lock, no log, no call that can wait."
    let descriptors =
      "accept() fails with EMFILE: wait, close something, try again. Never end the loop for it."
    return switch runtime {
    case .go: [rule, "After an error of Accept, sleep and go on, as net/http does.", descriptors]
    case .python:
      [rule, "Workers that are all busy accept nothing: time limits, more workers.", descriptors]
    case .jvm:
      [
        "A thread of its own for accept(), a bounded pool for the work, time limits in the pool.",
        "Stop accepting on purpose (and fail the health check) rather than by a deadlock.",
        descriptors,
      ]
    case .node: ["Take long synchronous work out of the event loop: it is what accepts."]
    case .php:
      [
        "php-fpm: raise pm.max_children as far as memory allows, end stuck requests with",
        "request_terminate_timeout.",
      ].joinedToOne
    case .ruby: ["Puma, Unicorn: time limits in the workers, a worker timeout, more workers."]
    case .nginx, .haproxy, .envoy:
      [
        "The proxy's limit of connections is reached or its loop is blocked: worker_connections,",
        "maxconn, or a module that waits.",
      ].joinedToOne
    default: [rule, descriptors]
    }
  }

  /// The peer does not read what is sent to it.
  static func writing(_ runtime: ProcessRuntime) -> [String] {
    let option = "TCP_USER_TIMEOUT on the socket: the kernel then gives up after that time."
    return switch runtime {
    case .go: ["conn.SetWriteDeadline before every write; http.Server.WriteTimeout.", option]
    case .python:
      ["settimeout() covers send(); asyncio: wait_for(writer.drain(), limit), then abort.", option]
    case .jvm:
      [
        "Netty: WriteTimeoutHandler, and stop at isWritable() == false.",
        "Blocking sockets have no write timeout in Java: close them from a watchdog thread.",
      ]
    case .node:
      [
        "socket.setTimeout(limit, () => socket.destroy()), and stop at write() === false."
      ]
    case .nginx:
      [
        "send_timeout 30s and reset_timedout_connection on: the kernel then keeps nothing of it.",
        "limit_conn and proxy_max_temp_file_size bound what slow readers cost.",
      ]
    case .haproxy: ["timeout client and timeout client-fin end peers that do not read."]
    case .envoy: ["stream_idle_timeout and idle_timeout end peers that do not read."]
    case .dotnet: ["A CancellationToken with a time limit on WriteAsync, then Dispose.", option]
    case .rust: ["tokio::time::timeout around write_all and flush, then drop the stream.", option]
    case .swift: ["NIO: IdleStateHandler(writeTimeout:), stop at isWritable == false.", option]
    case .erlang: ["{send_timeout, Ms} and {send_timeout_close, true} on the socket."]
    case .ruby: ["write_nonblock with a deadline; Net::HTTP: write_timeout.", option]
    case .php: ["stream_set_timeout does not bound writing: stream_select() before fwrite()."]
    case .native, .unknown:
      ["SO_SNDTIMEO, or a deadline per connection in the event loop; then close(2).", option]
    }
  }

  /// Descriptors that live on in children.
  static func inheriting(_ runtime: ProcessRuntime) -> [String] {
    let fork = "fork without exec: close in the child what it does not need; FD_CLOEXEC can't help."
    return switch runtime {
    case .python:
      [
        "subprocess closes descriptors by itself (close_fds=True): look for os.fork, pass_fds, C",
        "extensions. multiprocessing: use the start method spawn.",
      ].joinedToOne + [fork]
    case .ruby:
      ["Preloading servers: close connections in before_fork, open them in the worker.", fork]
    case .php: ["pcntl_fork: close in the child; open database connections after the fork."]
    case .go, .rust:
      ["The runtime sets close-on-exec: look for ExtraFiles, raw syscalls, dup, C libraries."]
    case .jvm: ["ProcessBuilder closes descriptors: look for JNI code that forks."]
    case .node: ["spawn() sets close-on-exec: look for stdio entries that pass sockets on."]
    default:
      [
        "SOCK_CLOEXEC in socket(2) and accept4(2), O_CLOEXEC elsewhere: also the listener.",
        "In the child before exec: close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) (Linux 5.11).", fork,
      ]
    }
  }
}

extension [String] {
  /// One entry of several lines, where each element is a line.
  fileprivate var joinedToOne: [String] { [joined(separator: "\n")] }
}
