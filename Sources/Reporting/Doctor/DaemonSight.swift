// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// How the daemon is, by its own answer.
package struct DaemonSight: Hashable, Sendable {
  /// Seconds since it started.
  package var upSeconds = 0.0
  /// Seconds since its newest look; nil: it has not looked yet.
  package var newestLookSeconds: Double?
  /// Seconds between two looks, now and as set.
  package var intervalSeconds = 0.0
  package var settledIntervalSeconds = 0.0
  /// Seconds that its newest turn took.
  package var turnSeconds = 0.0
  package var isBackedOff = false
  /// Why the newest look failed, when it did.
  package var failure: String?
  /// Why the settings could not be read again, when they could not.
  package var settingsError: String?
  /// Whether the kernel counts connects for it; or why not, where it should.
  package var countsConnects = false
  package var connectsUncounted: String?
  /// Journal entries that were lost, and that wait.
  package var journalLost = 0
  package var journalQueued = 0
  /// Why no metrics are pushed, when they should be.
  package var pushFailure: String?

  package init() {}

  /// How old its newest look may be.
  var freshSeconds: Double {
    Freshness.limitSeconds(intervalSeconds: intervalSeconds, turnSeconds: turnSeconds)
  }

  /// Where it is asked for over the control socket.
  package static let path = "/status"

  /// One `key value` a line, as in /proc.
  package var text: String {
    var lines = [
      "up-seconds \(Quantity.fixed(upSeconds, decimals: 3))",
      "interval-seconds \(Quantity.fixed(intervalSeconds, decimals: 3))",
      "set-interval-seconds \(Quantity.fixed(settledIntervalSeconds, decimals: 3))",
      "turn-seconds \(Quantity.fixed(turnSeconds, decimals: 3))",
      "backed-off \(isBackedOff ? 1 : 0)", "journal-lost \(journalLost)",
      "journal-queued \(journalQueued)",
    ]
    if let newestLookSeconds {
      lines.append("newest-look-seconds \(Quantity.fixed(newestLookSeconds, decimals: 3))")
    }
    if countsConnects { lines.append("counts-connects 1") }
    if let connectsUncounted {
      lines.append("connects-uncounted \(UntrustedText.printable(connectsUncounted))")
    }
    if let failure { lines.append("failure \(UntrustedText.printable(failure))") }
    if let settingsError {
      lines.append("settings-error \(UntrustedText.printable(settingsError))")
    }
    if let pushFailure { lines.append("push-failure \(UntrustedText.printable(pushFailure))") }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Reads it. A line that is not known is of another release, and left out.
  package init(text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let value = String(parts[1])
      switch parts[0] {
      case "up-seconds": upSeconds = Double(value) ?? 0
      case "interval-seconds": intervalSeconds = Double(value) ?? 0
      case "set-interval-seconds": settledIntervalSeconds = Double(value) ?? 0
      case "turn-seconds": turnSeconds = Double(value) ?? 0
      case "backed-off": isBackedOff = value == "1"
      case "journal-lost": journalLost = Int(value) ?? 0
      case "journal-queued": journalQueued = Int(value) ?? 0
      case "newest-look-seconds": newestLookSeconds = Double(value)
      case "counts-connects": countsConnects = value == "1"
      case "connects-uncounted": connectsUncounted = value
      case "failure": failure = value
      case "push-failure": pushFailure = value
      case "settings-error": settingsError = value
      default: break
      }
    }
  }
}

/// What came of asking the daemon how it is.
package enum DaemonAnswer: Hashable, Sendable {
  case answered(DaemonSight)
  case none(WithoutDaemon)
}
