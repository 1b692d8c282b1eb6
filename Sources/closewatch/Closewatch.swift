// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// The command: reads the arguments, runs what they say, and ends with its exit status.
@main
struct Closewatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closewatch",
    abstract: "Finds TCP sockets that should have been closed, and who holds them.",
    discussion: """
      Exit status: 0 nothing is wrong, 1 something to act on, 2 bad usage or nothing could be seen.

      Examples:
        closewatch triage --for 60s
        closewatch sockets --state close-wait --min-age 1m
        closewatch explain CLOSE_WAIT
      """,
    version: BuildInfo.version,
    subcommands: commands.map { $0.type })

  /// By their names in writing: to ask each for its configuration builds all their texts.
  static let commands: [(name: String, type: any ParsableCommand.Type)] = [
    ("triage", Triage.self), ("top", Top.self), ("sockets", Sockets.self),
    ("history", FindingHistory.self), ("trace", TraceInTree.self), ("run", Run.self),
    ("release", Release.self), ("explain", Explain.self),
    ("doctor", Doctor.self), ("record", Record.self), ("daemon", DaemonInTree.self),
    ("check-settings", CheckSettingsInTree.self), ("demo", Demo.self),
    ("demo-server", DemoServer.self),
    ("demo-client", DemoClient.self),
  ]

  static func main() { ProgramRun.exit(self, with: run) }

  /// Parses by the one command that is asked for. The tree of all is built for help and mistakes
  /// only: it takes as long as a short command has to.
  private static func run(_ arguments: [String]) throws {
    guard let word = arguments.first else { return try runByTree(arguments) }
    if word == "--version" { return try StandardOutput.write(BuildInfo.version + "\n") }
    if let program = OtherProgram.all.first(where: { $0.commands.contains(word) }) {
      try program.execute(arguments)
    }
    try checkCommand(word)
    let type = commands.first { $0.name == word }?.type
    let eyes = type == Sockets.self ? Sockets.eyesAhead(of: arguments.dropFirst()) : nil
    // For --help and --version the parser gives back a command of its own.
    guard let type, var command = try? type.parseAsRoot(Array(arguments.dropFirst())),
      Swift.type(of: command) == type
    else {
      return try runByTree(arguments)
    }
    if let eyes, let sockets = command as? Sockets { return try sockets.run(on: eyes) }
    try command.run()
  }

  private static func runByTree(_ arguments: [String]) throws {
    var command = try parseAsRoot(arguments)
    try command.run()
  }

  /// The parser would call an unknown command an unexpected argument.
  private static func checkCommand(_ word: String) throws(UsageError) {
    guard !word.hasPrefix("-") else { return }
    let names = commands.map { $0.name } + ["help"]
    guard !names.contains(word) else { return }
    let nearest = UsageError.nearest(to: word, in: names).map { "; did you mean \($0)?" } ?? ""
    let shown = commands.filter { $0.type.configuration.shouldDisplay }
    let all = (shown.map { $0.name } + ["help"]).joined(separator: ", ")
    throw UsageError(
      "there is no command '\(word)'\(nearest.isEmpty ? "; there are \(all)" : nearest)")
  }
}
