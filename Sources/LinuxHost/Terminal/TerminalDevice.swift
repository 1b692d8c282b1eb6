// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc

/// The terminal that standard input and output are, taken over for a page. There can be one.
///
/// It is given back by ``close()``, and by a signal that ends the program through a fault. After
/// SIGKILL nobody can: reset(1) does.
package final class TerminalDevice {
  /// What a wait ends with. Several can have come at once.
  package struct Events: Sendable {
    /// What was typed, as it came.
    package var typed: [UInt8] = []
    /// Ctrl-Z.
    package var isToStop = false
    /// The program was stopped and goes on; the terminal may be in any state.
    package var hasContinued = false
    /// A signal that asks the program to end.
    package var ending: Int32?
    /// The terminal has gone.
    package var isGone = false
  }

  /// The columns and rows of a terminal.
  package struct Size: Hashable, Sendable {
    package var columns: Int
    package var rows: Int
  }

  /// Wakes the wait from another thread.
  package let bell: WakePipe
  private let opening: [UInt8]
  private let closing: [UInt8]

  /// Whether both standard input and output are a terminal.
  package static var isThere: Bool { isatty(0) == 1 && isatty(1) == 1 }

  /// Takes the terminal over.
  ///
  /// - Parameters:
  ///   - opening: What is written at the beginning, and after it was stopped.
  ///   - closing: What takes that back; at most 64 bytes.
  /// - Throws: ``SystemCallError`` when it has no settings that can be changed.
  package init(opening: [UInt8], closing: [UInt8]) throws(SystemCallError) {
    bell = try WakePipe()
    self.opening = opening
    self.closing = closing
    let wake = bell.writeEnd
    _ = try systemCall("sigaction", on: "the terminal's signals") {
      closewatch_terminal_catch_signals(wake)
    }
    try enter()
  }

  /// Gives the terminal and the signals back.
  package func close() {
    closewatch_terminal_leave()
    closewatch_terminal_release_signals()
  }

  /// Takes the terminal over again, whatever state it is in.
  package func enter() throws(SystemCallError) {
    _ = try systemCall("tcsetattr", on: "the terminal") {
      closing.withUnsafeBytes {
        closewatch_terminal_enter(0, $0.baseAddress, UInt(clamping: $0.count))
      }
    }
    try write(opening)
  }

  /// Does what Ctrl-Z asks for: gives the terminal back, stops, and takes it over again.
  package func stop() throws(SystemCallError) {
    closewatch_terminal_leave()
    closewatch_terminal_stop()
    try enter()
  }

  /// Its size; 80 x 24 on a line that does not tell, as long as COLUMNS and LINES don't.
  package var size: Size {
    var size = winsize()
    if ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
      return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
    return Size(
      columns: Self.variable("COLUMNS", else: 80), rows: Self.variable("LINES", else: 24))
  }

  private static func variable(_ name: String, else usual: Int) -> Int {
    let value = getenv(name).flatMap { Int(String(cString: $0)) } ?? usual
    return (1...1000).contains(value) ? value : usual
  }

  /// Writes all of it.
  ///
  /// - Throws: ``SystemCallError`` when the terminal has gone.
  package func write(_ bytes: [UInt8]) throws(SystemCallError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      do {
        let count = try systemCall("write", on: "the terminal") {
          rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
      } catch  where error.errno == EAGAIN {
        // Somebody else has made it non-blocking.
        var waiting = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
        _ = poll(&waiting, 1, 1000)
      }
    }
  }

  /// Waits until something comes, at most so many seconds.
  package func wait(atMost seconds: Double) -> Events {
    var waiting = [
      pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
      pollfd(fd: bell.readEnd, events: Int16(POLLIN), revents: 0),
    ]
    var events = Events()
    let ready = poll(&waiting, 2, Int32((max(0, seconds) * 1000).rounded(.up)))
    bell.drain()
    if ready > 0, waiting[0].revents != 0 {
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = read(0, &chunk, chunk.count)
      if count > 0 {
        events.typed = Array(chunk[..<count])
      } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
        events.isGone = true
      }
    }
    // The size is asked for after each wait; the signal only has to end it.
    _ = Self.hasCome(SIGWINCH)
    events.hasContinued = Self.hasCome(SIGCONT)
    events.isToStop = Self.hasCome(SIGTSTP)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where Self.hasCome(signal) {
      events.ending = signal
    }
    return events
  }

  private static func hasCome(_ signal: Int32) -> Bool {
    closewatch_terminal_has_come(signal) == 1
  }
}
