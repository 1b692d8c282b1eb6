// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Lasting fixes for programs that are stuck or too slow, by runtime: connections that nobody
/// accepts, peers that do not read, descriptors in children.
enum WorkFix {
  /// Nobody calls accept().
  static func accepting(_ runtime: ProcessRuntime) -> [String] {
    let rule = "The loop that accepts must do nothing else: no lock, no log, no call that can wait."
    let descriptors =
      "accept() fails with EMFILE: wait, close something, try again. Never end the loop for it."
    return switch runtime {
    case .go: [rule, "After an error of Accept, sleep and go on, as net/http does.", descriptors]
    case .python:
      [rule, "Workers that are all busy accept nothing: timeouts, more workers.", descriptors]
    case .jvm:
      [
        "A thread of its own for accept(), a bounded pool for the work, timeouts in the pool.",
        "Stop accepting on purpose (and fail the health check) rather than by a deadlock.",
        descriptors,
      ]
    case .node: ["Take long synchronous work out of the event loop: it is what accepts."]
    case .ruby: ["Puma, Unicorn: timeouts in the workers, a worker timeout, more workers."]
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
    case .dotnet: ["A CancellationToken with a timeout on WriteAsync, then Dispose.", option]
    case .rust: ["tokio::time::timeout around write_all and flush, then drop the stream.", option]
    case .swift: ["NIO: IdleStateHandler(writeTimeout:), stop at isWritable == false.", option]
    case .erlang: ["{send_timeout, Ms} and {send_timeout_close, true} on the socket."]
    case .ruby: ["write_nonblock with a deadline; Net::HTTP: write_timeout.", option]
    case .php: ["stream_set_timeout does not bound writing: stream_select() before fwrite()."]
    default:
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
