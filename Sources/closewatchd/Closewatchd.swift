// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc

/// The daemon's program, which `closewatch daemon` and `closewatch check-settings` execute with
/// these words first. Without them it is the daemon.
@main
struct Closewatchd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closewatch", version: BuildInfo.version,
    subcommands: [Daemon.self, CheckSettings.self])

  static func main() {
    // libdispatch gives its first thread a priority that no service may have, and tells syslog of
    // the refusal at each start. Whoever looks for a fault of it sets the variable to YES.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    ProgramRun.exit(self) { arguments in
      let isNamed = ["--version", "daemon", "check-settings"].contains(arguments.first)
      var command = try parseAsRoot(isNamed ? arguments : ["daemon"] + arguments)
      try command.run()
    }
  }
}
