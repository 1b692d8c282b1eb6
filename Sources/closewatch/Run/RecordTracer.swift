// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// How the trace of a recording is read.
enum TraceReplayWords {
  static func line(_ directory: String) -> String {
    "the recording has a trace: closewatch trace --replay \(UntrustedText.printable(directory))"
  }
}

/// The tracer that watches for as long as a recording is made, and writes what it saw into it.
final class RecordTracer {
  private let pid: Int32
  private let socket: Int32
  private var hasEnded = false

  /// Putting the programs into the kernel takes less than one.
  private static let beginningSeconds: Int32 = 30

  /// Starts it, and waits until it watches.
  ///
  /// - Throws: When it cannot; it has said why then.
  init(_ target: String, seconds: Double, into directory: String, redacted: Bool) throws {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw HostError("\(SystemCallError("socketpair", on: "the tracer", errno: errno))")
    }
    socket = ends[0]
    let milliseconds = Int((seconds * 1000).rounded())
    do throws(HostError) {
      pid = try OtherProgram.tracer.start(
        ["trace", target, "--for", "\(milliseconds)ms", "--record-to", directory]
          + (redacted ? ["--redact"] : []), talkingOver: ends[1], for: "record --trace")
    } catch {
      close(ends[0])
      close(ends[1])
      throw error
    }
    // Its end is to show.
    close(ends[1])
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    var byte: UInt8 = 0
    guard poll(&waiting, 1, Self.beginningSeconds * 1000) > 0, recv(socket, &byte, 1, 0) == 1
    else { throw ExitCode(ExitStatus.blind) }
  }

  deinit {
    close(socket)
    if hasEnded { return }
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  /// Waits for its end, which comes soon when `isEarly`.
  ///
  /// - Returns: Whether it has written what it saw.
  func finish(isEarly: Bool) -> Bool {
    if isEarly { kill(pid, SIGINT) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    hasEnded = true
    return status == 0
  }
}
