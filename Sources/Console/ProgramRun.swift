// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Glibc
import KernelTables
import LinuxHost
import Synchronization

/// Runs a program to its exit status. A mistake of any kind is one line on standard error.
package enum ProgramRun {
  /// Whether SIGPIPE was ignored already: a program that is started from here is to find it so.
  package static var wasPipeIgnored: Bool { pipeWasIgnored.load(ordering: .relaxed) }
  private static let pipeWasIgnored = Atomic(false)

  /// Ends the process with the status that `body` comes to with the arguments.
  ///
  /// - Parameter root: The tree of all commands, which words what the parser says.
  package static func exit(
    _ root: any ParsableCommand.Type, with body: ([String]) throws -> Void
  ) -> Never {
    // A reader that has seen enough (`head`) is no failure: write(2) says EPIPE instead.
    let before = signal(SIGPIPE, SIG_IGN)
    let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
    pipeWasIgnored.store(unsafeBitCast(before, to: Int.self) == ignored, ordering: .relaxed)
    // Swift reads the arguments from /proc/self/cmdline: without procfs there is not even a name.
    guard !CommandLine.arguments.isEmpty else {
      StandardError.line("there is no procfs on /proc; mount it: mount -t proc proc /proc")
      Glibc.exit(ExitStatus.blind)
    }
    let status = status(root) { try body(Array(CommandLine.arguments.dropFirst())) }
    EndedChildren.takeNote()
    Glibc.exit(status)
  }

  private static func status(
    _ root: any ParsableCommand.Type, of body: () throws -> Void
  ) -> Int32 {
    do {
      try body()
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
      return report(parseError: error, of: root)
    }
  }

  /// Help and version are no errors: they go to standard output.
  private static func report(
    parseError error: any Error, of root: any ParsableCommand.Type
  ) -> Int32 {
    guard root.exitCode(for: error) != .success else {
      do throws(StandardOutput.Failure) {
        let text = HelpText.withExamplesLast(root.fullMessage(for: error))
        try StandardOutput.write(text + "\n")
        return ExitStatus.fine
      } catch {
        return report(error)
      }
    }
    let words = UsageError.oneLine(root.message(for: error))
    StandardError.line("\(words); see closewatch \(command(of: root))--help")
    return ExitStatus.blind
  }

  /// The command that was typed, and a space: it has a help of its own.
  private static func command(of root: any ParsableCommand.Type) -> String {
    let names = root.configuration.subcommands.compactMap { $0.configuration.commandName }
    return CommandLine.arguments.dropFirst().first { names.contains($0) }.map { $0 + " " } ?? ""
  }

  private static func report(_ failure: StandardOutput.Failure) -> Int32 {
    guard case .failed(let error) = failure else { return ExitStatus.fine }
    StandardError.line("\(error); the output is incomplete")
    return ExitStatus.blind
  }
}
