// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Wakes a thread that waits in poll(2), from any other thread or from a signal handler. Rings
/// while nobody waits are one ring, and are kept.
package final class WakePipe: Sendable {
  package let readEnd: Int32
  package let writeEnd: Int32

  /// - Throws: ``SystemCallError`` when there are no descriptors left.
  package init() throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    _ = try systemCall("pipe2", on: "a wake-up pipe") { pipe(&ends) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Wakes who waits now or next. A full pipe is a ring already.
  package func ring() {
    var byte: UInt8 = 0
    _ = write(writeEnd, &byte, 1)
  }

  /// Takes back all rings so far.
  package func drain() {
    var bytes = [UInt8](repeating: 0, count: 512)
    while read(readEnd, &bytes, bytes.count) > 0 {}
  }

  /// Waits for a ring, for at most so many seconds.
  package func wait(atMost seconds: Double) {
    var waiting = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
    let milliseconds = max(0, min(seconds * 1000, Double(Int32.max / 2)))
    _ = poll(&waiting, 1, Int32(milliseconds.rounded(.up)))
    drain()
  }
}
