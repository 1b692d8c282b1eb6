// SPDX-License-Identifier: Apache-2.0

/// `/proc/PID/stat`: the one line that says which process this is.
///
/// Source: proc_pid_stat(5); `do_task_stat()` in fs/proc/array.c.
package struct ProcStat: Hashable, Sendable {
  package var pid: Int32
  /// As the process last set it, at most 15 bytes (kernel threads: 63). Untrusted: blanks,
  /// parentheses and line feeds can be in it.
  package var command: String
  /// The kernel's letter: `R`, `S`, `D`, `Z` ...
  package var state: UInt8
  package var parent: Int32
  package var threads: Int
  /// Clock ticks after boot at which it started.
  package var startTicks: UInt64
  /// The address at which its stack starts, made at random by execve(2) and kept by fork(2). 0
  /// without the right to trace the process, and when it has no memory (a zombie).
  package var startStack: UInt64 = 0

  /// Whether it has exited and only its leader's entry is left; its threads may live.
  package var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }
  /// Whether a signal (SIGSTOP, or one of job control) has stopped it, until SIGCONT. One that a
  /// tracer holds for a moment has another letter (`t`).
  package var isStopped: Bool { state == UInt8(ascii: "T") }
  /// Whether all of it has exited, and its parent has only not taken note yet.
  package var hasEnded: Bool { isZombie && threads <= 1 }
  package var id: ProcessID { ProcessID(pid: pid, startTicks: startTicks) }

  /// - Parameter bytes: The file, for example `812 (my (odd) name) S 1 812 812 0 -1 ...`.
  package init(_ bytes: [UInt8]) throws(DecodeError) {
    let table = "/proc/PID/stat"
    guard let open = bytes.firstIndex(of: UInt8(ascii: "(")),
      // The name can hold parentheses; what follows it cannot.
      let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close
    else {
      throw .missing(table: table, field: "comm")
    }
    guard let first = ProcessFile.fields(bytes[..<open]).first else {
      throw .missing(table: table, field: "pid")
    }
    pid = try ProcessFile.number(first, table, "pid")
    command = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
    let rest = bytes[(close + 1)...].split {
      $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n")
    }
    guard let letter = rest.first else { throw .missing(table: table, field: "state") }
    guard letter.count == 1, let state = letter.first else {
      throw .badField(table: table, field: "state", text: ProcessFile.shown(letter))
    }
    self.state = state
    guard rest.count > 1 else { throw .missing(table: table, field: "ppid") }
    parent = try ProcessFile.number(rest[1], table, "ppid")
    guard rest.count > 17 else { throw .missing(table: table, field: "num_threads") }
    threads = try ProcessFile.number(rest[17], table, "num_threads")
    guard rest.count > 19 else { throw .missing(table: table, field: "starttime") }
    startTicks = try ProcessFile.number(rest[19], table, "starttime")
    // Fields behind it are of no use, and a line without them identifies its process all the same.
    if rest.count > 25 { startStack = try ProcessFile.number(rest[25], table, "startstack") }
  }
}
