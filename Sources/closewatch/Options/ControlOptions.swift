// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// Where a command finds the daemon.
struct ControlOptions: ParsableArguments {
  @Flag(help: "Do not ask the daemon: look now.")
  var noDaemon = false

  @Option(
    help: ArgumentHelp(
      "Where the daemon answers (default: \(ControlPlace.usualPath)).", valueName: "path"))
  var controlSocket: String?

  /// The daemon's socket.
  var path: String { controlSocket ?? ControlPlace.usualPath }
}
