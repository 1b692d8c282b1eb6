// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch triage`: what should have been closed and was not, worst first.
struct Triage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "triage",
    abstract: "Looks for leaked sockets and says who, why, how fast, and what to do.",
    discussion: """
      Examples:
        closewatch triage                      what the daemon knows, else one look
        closewatch triage --no-daemon          one look
        closewatch triage --for 60s            watch for a minute, then judge
        closewatch triage --netns blue --json  one namespace, for a program
        closewatch triage nginx.service        one unit in full; or nginx, 812, :8080
        closewatch triage -v                   every finding in full
        closewatch triage --for 60s --record d the same, and keep what was seen in d
        closewatch triage --format markdown    for an incident channel
        closewatch triage 812 --stacks         and what its threads wait for

      Exit status: 0 nothing is wrong, 1 something to act on, 2 bad usage or nothing could be seen.

      If the daemon is running, it is asked: it has watched all along. Flags that say how to look \
      (--for, --netns, --source, --replay, --record, --patience, --disable) make the command look \
      for itself. The last line says which of the two it was.
      """)

  @Argument(help: TargetArgument.help, transform: TypedTarget.parse)
  var target: TypedTarget?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Watch for this long before judging: 30s, 2m.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var duration: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "Time between two looks (default: 1s; of a replay, what was recorded).", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var interval: TimeSpan?

  @Option(
    help: ArgumentHelp(
      """
      How long a socket must sit in its state before it counts as stuck; RULE=TIME for one rule \
      alone. Can be repeated.
      """, valueName: "[rule=]time"),
    transform: PatienceArgument.parse)
  var patience: [PatienceArgument] = []

  @Option(
    help: ArgumentHelp("Switch this rule off. Can be repeated.", valueName: "rule"),
    transform: PatienceArgument.parseRule)
  var disable: [RuleID] = []

  @Flag(
    name: .shortAndLong,
    help: "Show every finding in full. Without it: the worst one, cut to fit a screen.")
  var verbose = false

  @Option(help: "Output format: text, json (as --json) or markdown.")
  var format: TriageFormat?

  @Option(
    help: ArgumentHelp(
      """
      Also write the looks that are judged into this new directory: a replay of it gives the same \
      answer.
      """, valueName: "dir"))
  var record: String?

  @Flag(
    help: """
      Also say what the threads of the target are doing now: each is stopped in turn, for at most \
      1 s in all. Needs root. In JSON each process is one more object, on a line of its own.
      """)
  var stacks = false

  @OptionGroup var redaction: RedactionOption
  @OptionGroup var control: ControlOptions
  @OptionGroup var machine: HostOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) cannot be combined")
    }
    if redaction.keepsEverything, record == nil {
      throw ValidationError("--no-redact applies to a recording: name its directory with --record")
    }
    if stacks {
      guard target != nil else {
        throw ValidationError("--stacks needs a target: a pid, a name or a port")
      }
      guard machine.replay == nil else {
        throw ValidationError("--stacks looks at this machine: it cannot be combined with --replay")
      }
      guard [.text, .json].contains(chosenFormat) else {
        throw ValidationError("--stacks has no \(chosenFormat.rawValue) format: text or json")
      }
    }
    guard let duration, machine.replay == nil else { return }
    let interval = interval ?? TriageOrder.usualInterval
    guard interval.seconds <= duration.seconds else {
      throw ValidationError(
        "--for \(TimeText.text(duration.seconds)) is shorter than the time between two looks, "
          + "--interval \(TimeText.text(interval.seconds)): there would be one look only")
    }
    try TimeSpanArgument.validate(interval: interval, atLeast: TimeSpan(seconds: 0.05))
  }

  func run() throws {
    var end: (any Error)?
    do { try judge() } catch let status as ExitCode { end = status }
    if stacks, let target {
      // Whether it could or not, the verdict stands.
      do throws(HostError) {
        _ = try OtherProgram.carrying("stacks")?.run(
          ["stacks", target.text, "--color", output.color.rawValue]
            + (chosenFormat == .json ? ["--json"] : []))
      } catch {
        StandardError.line("the threads were not looked at: \(error)")
      }
    }
    if let end { throw end }
  }

  private func judge() throws {
    if let flag = ownLookFlag { return try look(.notAsked(flag: flag)) }
    let outcome = DaemonClient(path: control.path).ask(query.uri) {
      guard Terminal.hasError else { return }
      StandardError.line("the daemon is in the middle of a look; waiting for it to finish")
    }
    switch outcome {
    case .none(.absent(let path)) where control.controlSocket != nil:
      throw UsageError(
        "no daemon has its control socket at '\(UntrustedText.printable(path, unicode: false))'; "
          + "without --control-socket the usual one is asked, with --no-daemon none")
    case .none(let why): try look(why)
    case .answer(let answer):
      guard answer.status == 200 else { throw UsageError(DaemonClient.line(answer.body)) }
      try write(answer.body)
      if answer.exitStatus != ExitStatus.fine { throw ExitCode(answer.exitStatus) }
    }
  }

  /// The flag that only a look of the command's own can obey; nil: the daemon may answer.
  private var ownLookFlag: String? {
    if control.noDaemon { return "--no-daemon" }
    if machine.replay != nil { return "--replay" }
    if machine.netns != nil { return "--netns" }
    if duration != nil { return "--for" }
    if machine.source != .auto { return "--source" }
    if !patience.isEmpty { return "--patience" }
    if !disable.isEmpty { return "--disable" }
    return record == nil ? nil : "--record"
  }

  private var query: TriageQuery {
    var query = TriageQuery()
    query.format = chosenFormat
    query.target = target?.text
    query.showsAll = verbose
    query.style = Terminal.style(output.color)
    query.utcOffsetSeconds = Clock.utcOffsetSeconds
    query.isAskedElsewhere = control.controlSocket.map { $0 != ControlPlace.usualPath } ?? false
    return query
  }

  private var chosenFormat: TriageFormat { format ?? (output.json ? .json : .text) }

  private func look(_ why: WithoutDaemon) throws {
    let target = target?.target
    if let replay = self.machine.replay, RecordedTrace.isThere(in: replay) {
      StandardError.line(TraceReplayWords.line(replay))
    }
    let machine = try machine.open()
    let order = try TriageOrder(self, why, replaying: machine as? RecordedHost)
    var looks = LookLoop(
      host: recorded(machine, order), interval: order.interval, duration: order.duration)
    looks.showsProgress = Terminal.hasError && self.machine.replay == nil
    var watch = Watch(settings: order.settings)
    let seen = try take(&looks, &watch, findsEveryHolder: order.duration == nil)
    finishRecording(looks.host)
    guard let census = watch.census else { return }
    let findings = watch.findings.filter { target?.admits($0) ?? true }
    var page = TriageReport(
      findings: findings,
      census: TriageCensus(
        census, patienceSeconds: watch.settings.patienceSeconds, target: target,
        besides: findings, gaps: seen.newest.sample.gaps + seen.completeGaps,
        wasReadAsRoot: order.wasReadAsRoot),
      watchedSeconds: seen.newest.watchedSeconds, earlierGaps: seen.gaps,
      source: .look(order.why))
    page.target = target
    page.leftOut = watch.leftOut
    page.showsAll = verbose
    // A recording does not say it, and its replay has to give the same page.
    page.hostName = self.machine.replay == nil && record == nil ? HostName.current : nil
    page.version = BuildInfo.version
    page.utcOffsetSeconds = Clock.utcOffsetSeconds
    try write(
      TriageWriter.bytes(of: page, chosenFormat, style: Terminal.style(output.color)))
    if page.asksForAction { throw ExitCode(ExitStatus.act) }
  }

  /// What the looks have brought besides what the watch has learnt.
  private struct Seen {
    var newest: LookLoop.Newest
    /// Of all looks.
    var gaps: [Gap]
    /// Of the search for every holder of the newest.
    var completeGaps: [Gap]
  }

  private func take(
    _ looks: inout LookLoop, _ watch: inout Watch, findsEveryHolder: Bool
  ) throws -> Seen {
    var policy = Turn.Policy()
    policy.request = machine.request
    policy.findsEveryHolder = findsEveryHolder
    var gaps: [Gap] = []
    var isTargetSeen = target == nil
    var completeGaps: [Gap]?
    let newest = try looks.run { host, deadline in
      policy.deadline = deadline
      let turn = try watch.take(on: &host, policy)
      completeGaps = policy.findsEveryHolder ? turn.report.gaps : nil
      // A mistyped name must not cost a watch.
      if !isTargetSeen { isTargetSeen = try seeTarget(turn.sample, &host, by: policy.deadline) }
      gaps += turn.sample.gaps
      var taken = LookLoop.Taken(sample: turn.sample)
      if watch.findings.isEmpty {
        taken.second = turn.report.unprovedDeadSockets > 0 ? .atOnce : .unneeded
      }
      return taken
    }
    if completeGaps == nil {
      let search = HolderSearch(everyHolderIn: newest.sample)
      let report = looks.host.findHolders(search, by: policy.deadline)
      completeGaps = report.gaps
      watch.attribute(report, to: search)
    }
    return Seen(newest: newest, gaps: gaps, completeGaps: completeGaps ?? [])
  }

  /// The machine, and every look at it is written down where that is wished for.
  private func recorded(_ machine: any Host, _ order: TriageOrder) -> any Host {
    guard let directory = record else { return machine }
    let (redaction, order) = (redaction, order.recorded)
    return RecordingHost(of: machine) { () throws(RecorderError) in
      try redaction.recorder(in: directory, order)
    }
  }

  /// Says on standard error what was recorded: the answer itself is that of a replay, and is given
  /// also when there is no room for the recording.
  private func finishRecording(_ host: any Host) {
    guard var recording = host as? RecordingHost else { return }
    do {
      try recording.finish()
      StandardError.raw(redaction.summary(of: recording))
    } catch {
      StandardError.line(error.description)
    }
  }

  /// - Throws: ``UsageError`` when a look shows nothing of the target.
  private func seeTarget(
    _ sample: Sample, _ host: inout any Host, by deadline: BootInstant
  ) throws -> Bool {
    guard let target = target?.target else { return true }
    let report = host.findHolders(HolderSearch(everyHolderIn: sample), by: deadline)
    if target.isSeen(in: sample, report) { return true }
    let absence = target.absence(report.gaps, isRoot: machine.isReadAsRoot)
    throw UsageError("\(absence); closewatch sockets lists what there is")
  }

  private func write(_ bytes: [UInt8]) throws {
    do {
      try StandardOutput.write(bytes)
    } catch StandardOutput.Failure.closed {
      // Nobody reads on; the exit status still says what was found.
    }
  }
}
