// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch top`: who holds stuck sockets, live.
struct Top: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Shows live who holds stuck sockets, down to a single one.",
    discussion: """
      Keeps looking, judges by the rules of triage, and shows the owners (units, containers and \
      programs), those with the most stuck sockets first. If the daemon is running, it begins with \
      what that has seen. v shows the verdict on an owner. Enter leads to its sockets, \
      and from there to the page of one socket: its life, who holds it, its other end, and what to \
      do. h shows all keys. Quitting leaves the terminal as it was; after kill -9, type reset. \
      Needs a terminal that can place its cursor.

      Examples:
        closewatch top
        closewatch top --interval 5s
        closewatch top --netns blue            one namespace
        closewatch top --patience 2m           stuck after two minutes

      Exit status: 0 it was quit with q, 2 bad usage, no terminal, or nothing could be seen.
      """)

  @Option(
    help: ArgumentHelp("Time between two looks.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var interval = TimeSpan(seconds: 2)

  @Option(
    help: ArgumentHelp(
      "How long a socket must wait to be closed before it counts as stuck.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var patience = TimeSpan(seconds: 30)

  @OptionGroup var control: ControlOptions

  @OptionGroup var colour: ColourOption

  @OptionGroup var machine: HostOptions

  func validate() throws {
    try TimeSpanArgument.validate(interval: interval, atLeast: TimeSpan(seconds: 0.1))
  }

  func run() throws {
    let kind = try Self.terminalKind()
    var place = TopState.Place()
    // The name that a recording was given: a whole path would leave no room for anything else.
    place.host =
      machine.replay.map { String($0.split(separator: "/").last ?? "/") } ?? HostName.current
    place.style = Terminal.style(colour.color)
    place.style.unicode = place.style.unicode && kind.hasSymbols
    place.utcOffsetSeconds = Clock.utcOffsetSeconds
    place.isRoot = geteuid() == 0
    var settings = RuleSettings()
    settings.patienceSeconds = patience.seconds
    let client = daemon
    let looker = try TopLooker(
      settings: settings, intervalSeconds: interval.seconds, askPast: Self.asking(client))
    var screen = TopScreen(
      looker, place: place, kind: kind, intervalSeconds: interval.seconds, daemon: client)
    let host = try machine.open(hasThreads: true)
    guard let ending = try screen.run(host, machine.request) else { return }
    // Whoever waits for this program is told what ended it.
    signal(ending, SIG_DFL)
    kill(getpid(), ending)
  }

  /// nil where these looks are at something else than what it sees.
  private var daemon: DaemonClient? {
    let looksElsewhere =
      machine.replay != nil || machine.netns != nil || machine.source != .auto
    return control.noDaemon || looksElsewhere ? nil : DaemonClient(path: control.path)
  }

  private static func asking(_ daemon: DaemonClient?) -> (@Sendable () -> DaemonPast?)? {
    guard let daemon else { return nil }
    return { Top.past(daemon) }
  }

  private static func past(_ daemon: DaemonClient) -> DaemonPast? {
    guard case .answer(let answer) = daemon.ask(DaemonPast.path), answer.status == 200 else {
      return nil
    }
    return DaemonPast(text: String(decoding: answer.body, as: UTF8.self))
  }

  private static let instead =
    "use closewatch triage --for 60s for a verdict, or closewatch sockets for a list"

  private static func terminalKind() throws(UsageError) -> TerminalKind {
    guard TerminalDevice.isThere else {
      throw UsageError("top needs a terminal for input and output; without one \(instead)")
    }
    let name = Terminal.name
    guard let kind = TerminalKind(name) else {
      let reason = name.map { "TERM is \($0)" } ?? "TERM is not set"
      throw UsageError("top cannot place the cursor on this terminal (\(reason)); \(instead)")
    }
    return kind
  }
}
