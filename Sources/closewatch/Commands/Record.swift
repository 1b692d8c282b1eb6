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

      Redacted by default: addresses, users, containers, namespaces and instances of units are \
      numbered, and so are the names of this host and its users wherever they stand; arguments, \
      directories of programs and the boot id are left out. Ports, command names, unit names, \
      pids and times stay. Recording stops at 64 MiB. A recording that was interrupted replays \
      the looks that were complete. With --replay, an existing recording is written again: \
      narrower by --netns, or redacted.

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
    help: ArgumentHelp("Time between two looks.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var interval = TimeSpan(seconds: 1)

  @OptionGroup var redaction: RedactionOption
  @OptionGroup var hostOptions: HostOptions

  func run() throws {
    let recording = try record(try hostOptions.open())
    try StandardOutput.write(redaction.summary(of: recording))
  }

  /// Records look after look, until the time is over, a bound is reached, or Ctrl-C. The directory
  /// is made when the first look was taken: a mistake in the options leaves nothing behind.
  private func record(_ host: any Host) throws -> RecordingHost {
    let request = hostOptions.request
    let (directory, redaction, order) = (directory, redaction, order(host as? RecordedHost))
    let recorded = RecordingHost(of: host) { () throws(RecorderError) in
      try redaction.recorder(in: directory, order)
    }
    var loop = LookLoop(host: recorded, interval: interval, duration: duration)
    loop.showsProgress = Terminal.hasError
    do {
      _ = try loop.run { host, deadline in
        let sample = try host.takeSample(request, by: deadline)
        // Whoever is asked for, all holders are written.
        _ = host.findHolders(HolderSearch(), by: deadline)
        if (host as? RecordingHost)?.incompleteBecause != nil { throw NoMore() }
        return LookLoop.Taken(sample: sample, second: .unneeded)
      }
    } catch is NoMore {}
    guard var recording = loop.host as? RecordingHost, let recorder = recording.recorder else {
      throw HostError("there was no look to record")
    }
    if recorder.looks == 0 {
      throw HostError(
        "nothing was recorded: \(recording.incompleteBecause ?? "");"
          + " record one namespace (--netns)")
    }
    do {
      try recording.finish()
    } catch {
      throw HostError(error.description)
    }
    return recording
  }

  private struct NoMore: Error {}

  /// What was asked for now, or when it was recorded at first.
  private func order(_ recording: RecordedHost?) -> RecordedOrder {
    var order = recording?.header.order ?? RecordedOrder()
    if recording == nil {
      order.intervalSeconds = interval.seconds
      order.wasRoot = hostOptions.isReadAsRoot
    }
    order.watchSeconds = duration?.seconds ?? order.watchSeconds
    return order
  }
}
