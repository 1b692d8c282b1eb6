// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch record`: what the sampler reads, as a directory that replays anywhere.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Records what the sampler reads, for a bug report or a test.",
    discussion: """
      Writes one folder of readable tables for each look, with the holders of every socket. \
      Replay it with the --replay option of the other commands: the output is the same on every \
      machine.

      Redacted by default: addresses, users, containers and namespaces are numbered; arguments, \
      directories of programs and the boot id are left out. Ports, command names, unit names, \
      pids and times stay. Recording stops at 64 MiB. A recording that was interrupted replays \
      the looks that were complete. With --replay, an existing recording is written anew: narrower \
      by --netns, or redacted.

      Examples:
        closewatch record --for 30s leak
        closewatch triage --replay leak
        closewatch record --replay leak --netns blue smaller
      """)

  @Argument(help: "The directory to make; it must not exist yet, or be empty.")
  var directory: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "How long to record, for example 30s. Without it: one look.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var duration: TimeSpan?

  @Option(
    help: ArgumentHelp("The time from one look to the next.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var interval = TimeSpan(seconds: 1)

  @Flag(name: .customLong("no-redact"), help: "Keep real addresses, users, paths, arguments.")
  var keepsEverything = false

  @OptionGroup var hostOptions: HostOptions

  func run() throws {
    let host = try hostOptions.open()
    do {
      try StandardOutput.write(summary(of: try record(host)))
    } catch let error as RecorderError {
      throw HostError(error.description)
    }
  }

  /// Records look after look, until the time is over, a bound is reached, or Ctrl-C. The directory
  /// is made when the first look was taken: a mistake in the options leaves nothing behind.
  private func record(_ host: any Host) throws -> HostRecorder {
    var started: HostRecorder?
    let request = hostOptions.request
    var loop = LookLoop(host: host, interval: interval, duration: duration)
    loop.showsProgress = Terminal.hasError
    do {
      _ = try loop.run { host in
        let deadline = Clock.commandDeadline
        let sample = try host.takeSample(request, by: deadline)
        var recorder = try started ?? makeRecorder()
        // The only owner, or every look would copy all that redaction remembers.
        started = nil
        let report = host.findHolders(recorder.search(for: sample), by: deadline)
        let outcome = try recorder.append(RecordedLook(sample: sample, report: report))
        started = recorder
        if case .stopped = outcome { throw BoundReached() }
        return LookLoop.Taken(sample: sample)
      }
    } catch is BoundReached {}
    guard var recorder = started else { throw HostError("there was no look to record") }
    if recorder.looks == 0 {
      throw HostError(
        "nothing was recorded: \(recorder.header.stopped ?? ""); record one namespace (--netns)")
    }
    try recorder.finish()
    return recorder
  }

  private func makeRecorder() throws -> HostRecorder {
    try HostRecorder(
      directory: directory, closewatchVersion: BuildInfo.version,
      redacted: !keepsEverything)
  }

  private struct BoundReached: Error {}

  private func summary(of recorder: HostRecorder) -> String {
    let looks = Quantity.count(recorder.looks, "look")
    let manner = keepsEverything ? "NOT redacted: do not hand it on unread" : "redacted"
    let stopped = recorder.header.stopped.map { "Stopped early: \($0).\n" } ?? ""
    return "\(stopped)Recorded \(looks) in \(directory) (\(manner)).\n"
      + "See it with: closewatch triage --replay \(directory)\n"
  }
}
