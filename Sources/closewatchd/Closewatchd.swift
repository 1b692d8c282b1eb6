// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// The daemon's program, which `closewatch daemon` and `closewatch check-settings` execute with
/// these words first. Without them it is the daemon.
@main
struct Closewatchd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closewatch", version: BuildInfo.version,
    subcommands: [Daemon.self, CheckSettings.self])

  static func main() {
    ProgramRun.exit(self) { arguments in
      let isNamed = ["--version", "daemon", "check-settings"].contains(arguments.first)
      var command = try parseAsRoot(isNamed ? arguments : ["daemon"] + arguments)
      try command.run()
    }
  }
}
