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

      With --trace, a process or unit is traced for the same time, as closewatch trace does it \
      (root only); what that says is in the recording: names in the code, no memory, and of paths \
      of files only the last part, unless --no-redact is given.

      Examples:
        closewatch record --for 30s leak
        closewatch record --for 60s --trace web.service leak
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

  @Option(
    help: ArgumentHelp(
      "Also trace which code of a target leaves sockets open: read it with trace --replay.",
      valueName: TargetArgument.valueName),
    transform: TypedTarget.parse)
  var trace: TypedTarget?

  @OptionGroup var redaction: RedactionOption
  @OptionGroup var hostOptions: HostOptions

  func validate() throws {
    guard trace != nil else { return }
    guard duration != nil else { throw ValidationError("--trace needs --for: how long to watch") }
    guard hostOptions.replay == nil else {
      throw ValidationError("--trace watches this machine: it cannot be combined with --replay")
    }
  }

  func run() throws {
    let host = try hostOptions.open()
    let seconds = duration?.seconds ?? 0
    let tracer = try trace.map {
      try RecordTracer(
        $0.text, seconds: seconds, into: directory, redacted: !redaction.keepsEverything)
    }
    let began = Clock.boot
    let recording = try record(host)
    // The last look is less than two intervals before the end.
    let isEarly = Clock.boot.seconds(since: began) < seconds - 2 * interval.seconds
    let isTraced = tracer?.finish(isEarly: isEarly)
    try StandardOutput.write(redaction.summary(of: recording))
    if isTraced == true { StandardError.line(TraceReplayWords.line(directory)) }
    if let replay = hostOptions.replay, RecordedTrace.isThere(in: replay) {
      StandardError.line(TraceReplayWords.leftBehind(replay))
    }
    if isTraced == false {
      StandardError.line("the trace was not recorded")
      throw ExitCode(ExitStatus.blind)
    }
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
