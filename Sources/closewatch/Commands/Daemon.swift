// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import Settings

/// `closewatch daemon`: looks again and again, and reports what is leaked.
struct Daemon: ParsableCommand {
  static let configuration = CommandConfiguration(
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
      "The settings file (default: \(SettingsReader.usualPath), if it is there).",
      valueName: "file"))
  var settings: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override one setting: --set rules.patience=5m. Can be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: ArgumentHelp("The same as --set sampling.interval=TIME.", valueName: "time"))
  var interval: String?

  @Option(
    help: ArgumentHelp(
      "Where to answer closewatch triage and doctor (default: \(ControlSocket.usualPath)), or none."
        + " Root and the group \(ControlSocket.group) may ask.",
      valueName: "path"))
  var controlSocket: String?

  @OptionGroup var web: WebOptions

  func run() throws {
    let web = try self.web.settings
    var flags = overrides
    if let interval { flags.append("sampling.interval=\(interval)") }
    let source = SettingsSource(path: settings, flags: flags)
    let initial: DaemonSettings
    do throws(SettingsErrors) {
      initial = try source.read()
    } catch {
      for problem in error.errors { StandardError.line("\(problem)") }
      throw ExitCode(ExitStatus.blind)
    }
    let logger = Logger(label: "closewatch") { _ in StderrLog(level: .info) }
    let control = controlSocket ?? ControlSocket.usualPath
    try DaemonRun(
      settings: initial, source: source, web: web, control: control == "none" ? nil : control,
      logger: logger
    ).toItsEnd()
  }
}
