// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import KernelTables
import LinuxHost

/// The program: reads the arguments, runs a command, and ends with its exit status.
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
    subcommands: [
      Triage.self, Top.self, Sockets.self, FindingHistory.self, Release.self, Explain.self,
      Doctor.self, Record.self, Daemon.self, CheckSettings.self, Demo.self, DemoServer.self,
      DemoClient.self,
    ])

  /// Parses, runs and exits. A mistake of any kind is one line on standard error.
  static func main() {
    // A reader that has seen enough (`head`) is no failure: write(2) says EPIPE instead.
    signal(SIGPIPE, SIG_IGN)
    // Swift reads the arguments from /proc/self/cmdline: without procfs there is not even a name.
    guard !CommandLine.arguments.isEmpty else {
      StandardError.line("there is no procfs on /proc; mount it: mount -t proc proc /proc")
      Glibc.exit(ExitStatus.blind)
    }
    Glibc.exit(status(of: Array(CommandLine.arguments.dropFirst())))
  }

  private static func status(of arguments: [String]) -> Int32 {
    do {
      try checkCommand(arguments.first)
      var command = try parseAsRoot(arguments)
      try command.run()
      return ExitStatus.fine
    } catch let code as ExitCode {
      return code.rawValue
    } catch let failure as StandardOutput.Failure {
      return report(failure)
    } catch let error as HostError {
      StandardError.line(error.description)
      return ExitStatus.blind
    } catch let error as UsageError {
      StandardError.line(error.description)
      return ExitStatus.blind
    } catch {
      return report(parseError: error)
    }
  }

  /// The parser would call an unknown command an unexpected argument.
  private static func checkCommand(_ word: String?) throws(UsageError) {
    guard let word, !word.hasPrefix("-") else { return }
    // A name in writing is quick: to ask the runtime for the name of a type, as the parser does
    // without, takes a third of the time in which a command begins.
    let names =
      configuration.subcommands.map { $0.configuration.commandName ?? $0._commandName } + ["help"]
    guard !names.contains(word) else { return }
    let nearest = UsageError.nearest(to: word, in: names).map { "; did you mean \($0)?" } ?? ""
    let shown = configuration.subcommands.filter { $0.configuration.shouldDisplay }
    let all = (shown.map { $0._commandName } + ["help"]).joined(separator: ", ")
    throw UsageError(
      "there is no command '\(word)'\(nearest.isEmpty ? "; there are \(all)" : nearest)")
  }

  /// Help and version are no errors: they go to standard output.
  private static func report(parseError error: any Error) -> Int32 {
    guard exitCode(for: error) != .success else {
      do {
        try StandardOutput.write(HelpText.withExamplesLast(fullMessage(for: error)) + "\n")
        return ExitStatus.fine
      } catch {
        return report(error)
      }
    }
    StandardError.line(UsageError.oneLine(message(for: error)) + "; see closewatch --help")
    return ExitStatus.blind
  }

  private static func report(_ failure: StandardOutput.Failure) -> Int32 {
    guard case .failed(let error) = failure else { return ExitStatus.fine }
    StandardError.line("\(error); the output is not complete")
    return ExitStatus.blind
  }
}

/// What the program ends with.
enum ExitStatus {
  /// Nothing is wrong.
  static let fine: Int32 = 0
  /// Something to act on.
  static let act: Int32 = 1
  /// Bad usage, or nothing could be seen.
  static let blind: Int32 = 2
}
