// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Synchronization

/// When the sampling loop last came round, and how long it may be silent before it counts as stuck.
///
/// The one place that decides it: what feeds the service manager's watchdog is also what
/// `/-/healthy` answers from, so that a kubelet restarts what systemd would restart.
final class SignOfLife: Sendable {
  /// `WatchdogSec=` of closewatch.service, for where no service manager says how long it waits. A
  /// look at 100,000 sockets under the unit's CPUQuota= takes well under a second.
  static let usualBoundSeconds = 60.0

  /// Silence beyond this is a loop that is stuck.
  let boundSeconds: Double
  /// Not the boot clock: in a suspended host nothing is stuck.
  private let newest: Mutex<Double>

  /// - Parameters:
  ///   - boundSeconds: What the service manager waits for; nil: none does.
  ///   - now: On the monotonic clock. The start counts as a sign.
  init(boundSeconds: Double? = nil, at now: Double = Clock.monotonicSeconds) {
    self.boundSeconds = boundSeconds ?? Self.usualBoundSeconds
    newest = Mutex(now)
  }

  /// Seconds from one sign to the next while the loop waits: one that comes late is no alarm.
  var paceSeconds: Double { boundSeconds / 3 }

  /// Only for the loop itself, when it has seen that the sampling thread is free.
  func give(at now: Double = Clock.monotonicSeconds) { newest.withLock { $0 = now } }

  /// For how long there has been none, when that is too long; nil when all is well.
  func silence(at now: Double = Clock.monotonicSeconds) -> Double? {
    let seconds = now - newest.withLock { $0 }
    return seconds > boundSeconds ? seconds : nil
  }
}
