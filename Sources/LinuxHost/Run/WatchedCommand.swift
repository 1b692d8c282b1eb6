// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc

/// A command that this process has started and waits for. It runs as it would without: with the
/// terminal, the standard streams, the signals and the rights of the caller.
package struct WatchedCommand {
  /// How it has ended, as a shell says it: its exit status, or 128 and the signal's number.
  package private(set) var status: Int32?

  /// Starts a program of the PATH.
  ///
  /// - Parameters:
  ///   - variables: What is set for it besides the environment of this process.
  ///   - wasPipeIgnored: Whether SIGPIPE was ignored when this process began.
  /// - Throws: ``SystemCallError`` when there is no such program, or it cannot be executed.
  package init(
    _ words: [String], setting variables: [String: String], wasPipeIgnored: Bool
  ) throws(SystemCallError) {
    for (name, value) in variables { setenv(name, value, 1) }
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    _ = try systemCall("execute", on: words[0]) {
      closewatch_start(&arguments, environ, wasPipeIgnored ? 1 : 0)
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

  private mutating func takeNote() {
    var code: Int32 = 0
    guard closewatch_take_note(&code) == 1 else { return }
    let signal = code & 0x7f
    status = signal == 0 ? (code >> 8) & 0xff : 128 + signal
  }

  /// Whether a signal asks this process to end, after its command has.
  package static var wasStopped: Bool { closewatch_was_stopped() != 0 }

  /// The process whose descendants the command and what it starts are: this one.
  package static var parent: Int32 { getpid() }

  /// Inodes of the sockets that this process has from who started it, and so has its command.
  package static var inheritedSockets: Set<UInt64> {
    guard let stream = opendir("/proc/self/fd") else { return [] }
    defer { closedir(stream) }
    var inodes: Set<UInt64> = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let fd = Int32(name) else { continue }
      var status = stat()
      if fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK {
        inodes.insert(UInt64(status.st_ino))
      }
    }
    return inodes
  }
}
