// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Diagnosis
import LinuxHost
import Logging
import Reporting
import ServiceLifecycle
import UnixSignals

/// `closewatch daemon`: looks again and again, and reports what is leaked.
struct Daemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watches this host and reports leaked sockets as they are confirmed.",
    discussion: """
      Reports go to the journal (journalctl -t closewatch) and, where standard error is not the
      journal itself, to standard error. SIGTERM and SIGINT end it, SIGHUP reads the settings again.
      """)

  @Option(
    help: ArgumentHelp("Time between two looks (default: 10s).", valueName: "time"),
    transform: TimeSpan.parsePositive)
  var interval: TimeSpan?

  func run() throws {
    var settings = DaemonSettings()
    if let interval { settings.sampling.interval = interval.seconds }
    let logger = Logger(label: "closewatch") { _ in StderrLog(level: .info) }
    try DaemonRun(settings: settings, logger: logger).toItsEnd()
  }
}
