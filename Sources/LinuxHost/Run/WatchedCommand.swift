// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc

/// A command that this process has started and waits for. It runs as it would without: with the
/// terminal, the standard streams, the signals and the rights of the caller.
package struct WatchedCommand {
  /// How it has ended, as a shell says it: its exit status, or 128 and the signal's number.
  package private(set) var status: Int32?
  private let inherited: Set<UInt64>
  private var stops = ExitStops()

  /// Starts a program of the PATH.
  ///
  /// - Parameters:
  ///   - variables: What is set for it besides the environment of this process.
  ///   - wasPipeIgnored: Whether SIGPIPE was ignored when this process began.
  ///   - stopsAtExit: Whether each of its processes is to stop where it ends: ``processesAtExit``.
  /// - Throws: ``SystemCallError`` when there is no such program, or it cannot be executed;
  ///   ``SystemCallError/isUnsupported`` when its processes cannot be stopped.
  package init(
    _ words: [String], setting variables: [String: String], wasPipeIgnored: Bool,
    stopsAtExit: Bool = false
  ) throws(SystemCallError) {
    inherited = Self.inheritedSockets
    for (name, value) in variables { setenv(name, value, 1) }
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    _ = try systemCall("execute", on: words[0]) {
      closewatch_start(&arguments, environ, wasPipeIgnored ? 1 : 0, stopsAtExit ? 1 : 0)
    }
  }

  /// Becomes the parent of the processes that a command leaves behind, so that they are still seen
  /// as its own.
  package static func adoptOrphans() throws(SystemCallError) {
    _ = try systemCall("prctl PR_SET_CHILD_SUBREAPER", on: "this process") {
      closewatch_adopt_orphans()
    }
  }

  /// Waits until there is something to do: the command has ended, one of `descriptors` can be
  /// read, or the time is over.
  package mutating func rest(seconds: Double, or descriptors: [Int32]) {
    let milliseconds = Int32(min(60_000, max(0, (seconds * 1000).rounded(.up))))
    takeNote()
    if milliseconds > 0, status == nil || !Self.wasStopped {
      closewatch_rest(descriptors, Int32(descriptors.count), milliseconds)
    }
    takeNote()
  }

  /// Those that have stopped where they end, while what they hold is open; each holds a socket, or
  /// may. They stay until ``letExit()``.
  package var processesAtExit: Set<Int32> { stops.processes }

  /// Lets them end.
  package mutating func letExit() { stops.letGo() }

  private mutating func takeNote() {
    while true {
      var value: Int32 = 0
      switch Int(closewatch_take_note(&value)) {
      case closewatch_command_ended:
        let signal = value & 0x7f
        status = signal == 0 ? (value >> 8) & 0xff : 128 + signal
      case closewatch_thread_exits:
        stops.take(value, inherited: inherited)
      case closewatch_process_executes: stops.execute(value)
      default: return
      }
    }
  }

  /// Whether a signal asks this process to end, after its command has.
  package static var wasStopped: Bool { closewatch_was_stopped() != 0 }

  /// The process whose descendants the command and what it starts are: this one.
  package static var parent: Int32 { getpid() }

  /// Inodes of the sockets that this process has from who started it, and so has its command.
  package static var inheritedSockets: Set<UInt64> {
    var inodes: Set<UInt64> = []
    for fd in ProcessTree.numbers(in: "/proc/self/fd") {
      var status = stat()
      if fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK {
        inodes.insert(UInt64(status.st_ino))
      }
    }
    return inodes
  }
}
