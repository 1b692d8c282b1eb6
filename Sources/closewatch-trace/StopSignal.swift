// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ctrl-C and SIGTERM end the watch, not the program: what was seen is told.
enum StopSignal {
  private static var signals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    return signals
  }

  /// From now on they are taken by ``hasCome``.
  static func hold() {
    var signals = signals
    sigprocmask(SIG_BLOCK, &signals, nil)
  }

  /// Whether one has come since it was last asked.
  static var hasCome: Bool {
    var signals = signals
    var now = timespec()
    return sigtimedwait(&signals, nil, &now) > 0
  }
}
