// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import LinuxHost

/// Tells the service manager how this service is: sd_notify(3). Without `$NOTIFY_SOCKET` every
/// message is for nobody, and costs nothing.
struct ServiceNotify: Sendable {
  /// How long the manager waits for a sign of life before it restarts the service; nil: it does
  /// not watch. `$WATCHDOG_USEC`, sd_watchdog_enabled(3).
  let watchdogSeconds: Double?

  init() {
    var microseconds: UInt64 = 0
    let isEnabled = sd_watchdog_enabled(0, &microseconds) > 0
    watchdogSeconds = isEnabled ? Double(microseconds) / 1e6 : nil
  }

  enum Message: Sendable, Equatable {
    case ready
    /// Settings are read again; ``ready`` ends it. Carries CLOCK_MONOTONIC, as `notify-reload`
    /// wants it.
    case reloading
    case stopping
    case alive
    /// One line for `systemctl status`.
    case status(String)
  }

  /// Sends a message.
  ///
  /// - Throws: ``SystemCallError`` when there is a manager and it could not be told.
  func send(_ messages: Message...) throws(SystemCallError) {
    let text = messages.map { Self.text($0) }.joined(separator: "\n")
    let code = sd_notify(0, text)
    if code < 0 { throw SystemCallError("sd_notify", on: "$NOTIFY_SOCKET", errno: -code) }
  }

  private static func text(_ message: Message) -> String {
    switch message {
    case .ready: return "READY=1"
    case .reloading:
      let microseconds = Int64(Clock.monotonicSeconds * 1e6)
      return "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
    case .stopping: return "STOPPING=1"
    case .alive: return "WATCHDOG=1"
    case .status(let line):
      // A line feed would begin another variable.
      return "STATUS=" + line.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
  }
}
