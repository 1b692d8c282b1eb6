// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import LinuxHost
import Reporting
import Settings

/// `closewatch demo`: plants a small real leak, and shows what a triage says of it.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Plants a small real leak in a namespace of its own, and shows the finding.",
    discussion: """
      Starts a server that forgets close() and a client for it, both in a new network namespace; \
      watches them with the sampler that every other command uses; and ends them. Nothing of the \
      host is changed, and nothing is left behind. Needs root (CAP_SYS_ADMIN) to make the \
      namespace.

      Example:
        closewatch demo

      Exit status: 0 the leak was found, 1 it was not (a fault of closewatch), 2 it could not be \
      planted.
      """)

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("How long to watch.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var duration = TimeSpan(seconds: 15)

  @OptionGroup var colour: ColourOption

  func validate() throws {
    guard (8...120).contains(duration.seconds) else {
      throw ValidationError(
        "--for takes 8s to 120s: a shorter watch proves nothing, in a longer one the leak runs out "
          + "of descriptors")
    }
  }

  func run() throws {
    let leak = try DemoLeak.plant([DemoServer._commandName])
    let seconds = Quantity.duration(duration.seconds)
    try StandardOutput.write(
      """
      DEMO. A server that forgets close() and its client now run in a network
      namespace of their own: pid \(leak.pid), about six requests a second. What
      follows is the output of: closewatch triage --netns \(leak.pid) --for \(Self.typed(duration))
      It watches for \(seconds) first.


      """)
    let triage = try Triage.parse([
      "--netns", "\(leak.pid)", "--for", Self.typed(duration), "--color", colour.color.rawValue,
    ])
    let isFound: Bool
    do {
      try triage.run()
      isFound = false
    } catch let code as ExitCode where code.rawValue == ExitStatus.act {
      isFound = true
    }
    withExtendedLifetime(leak.pid) {}
    try StandardOutput.write(
      isFound
        ? "\nEND OF THE DEMO. The server, its client and their namespace are gone.\n"
          + "Now this host: closewatch triage --for 60s\n"
        : "\nEND OF THE DEMO. The leak was there but was not found: please report this.\n")
    if !isFound { throw ExitCode(ExitStatus.act) }
  }

  private static func typed(_ span: TimeSpan) -> String { "\(Int(span.seconds.rounded()))s" }
}

/// The server of the demo, run by the demo only.
struct DemoServer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-server", abstract: "The leaking server of the demo.", shouldDisplay: false)

  func run() throws {
    throw ExitCode(DemoLeak.serve(client: [DemoClient._commandName]))
  }
}

/// The client of the demo, run by the demo's server only.
struct DemoClient: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-client", abstract: "The client of the demo.", shouldDisplay: false)

  func run() throws { throw ExitCode(DemoLeak.ask()) }
}
