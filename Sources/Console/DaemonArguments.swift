// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Settings

/// The arguments of `closewatch daemon`: the daemon parses them, the command shows them.
package struct DaemonArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "Watches this host and reports leaked sockets as they are confirmed.",
    discussion: """
      Reports go to the journal (journalctl -t closewatch) and, where standard error is not the \
      journal itself, to standard error. SIGTERM and SIGINT end it, SIGHUP reads the settings again.

      Settings come from the file, the environment (CLOSEWATCH_INTERVAL=5s) and flags; the later \
      overrides the earlier.

      Examples:
        closewatch daemon
        closewatch daemon --settings closewatch.yaml --set rules.patience=5m
      """)

  @Option(
    help: ArgumentHelp(
      "The settings file (default: \(SettingsPlace.usualPath), if it is there).",
      valueName: "file"))
  package var settings: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override one setting: --set rules.patience=5m. Can be repeated.", valueName: "key=value"))
  package var overrides: [String] = []

  @Option(help: ArgumentHelp("The same as --set sampling.interval=TIME.", valueName: "time"))
  package var interval: String?

  @Option(
    help: ArgumentHelp(
      "Where to answer closewatch triage and doctor (default: \(ControlPlace.usualPath)), or none."
        + " Root and the group \(ControlPlace.group) may ask.",
      valueName: "path"))
  package var controlSocket: String?

  @OptionGroup package var web: WebOptions

  package init() {}
}
