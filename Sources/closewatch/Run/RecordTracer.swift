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
    "the recording has a trace: \(command(directory))"
  }

  static func leftBehind(_ directory: String) -> String {
    "the trace of the recording was not copied; to read it: \(command(directory))"
  }

  private static func command(_ directory: String) -> String {
    "closewatch trace --replay \(UntrustedText.printable(directory))"
  }
}

/// The tracer that watches for as long as a recording is made, and writes what it saw into it.
final class RecordTracer {
  private let pid: Int32
  private let socket: Int32
  private var hasEnded = false

  /// Starts it, and waits until it watches.
  ///
  /// - Throws: When it cannot; it has said why then.
  init(_ target: String, seconds: Double, into directory: String, redacted: Bool) throws {
    let milliseconds = Int((seconds * 1000).rounded())
    (pid, socket) = try OtherProgram.tracer.start(
      ["trace", target, "--for", "\(milliseconds)ms", "--record-to", directory]
        + (redacted ? ["--redact"] : []), for: "record --trace")
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    var byte: UInt8 = 0
    let patience = Int32(OtherProgram.tracerPatience * 1000)
    guard poll(&waiting, 1, patience) > 0, recv(socket, &byte, 1, 0) == 1
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
