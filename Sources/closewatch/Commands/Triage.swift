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
        closewatch triage nginx.service        all of one unit; or a pid, or :8080
        closewatch triage -v                   all of every finding
        closewatch triage --format markdown    for an incident channel

      Exit status: 0 nothing is wrong, 1 something to act on, 2 bad usage or nothing could be seen.

      When the daemon runs, it is asked: it has seen what grew. Flags that say how to look (--for, \
      --netns, --source, --replay, --patience, --disable) make the command look for itself. The \
      last line says which of the two it was.
      """)

  @Argument(
    help: ArgumentHelp(
      "Only a process, a systemd unit, or a port, local or remote.", valueName: "pid|unit|:port"),
    transform: TypedTarget.parse)
  var target: TypedTarget?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Watch for this long before judging: 30s, 2m.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var duration: TimeSpan?

  @Option(
    help: ArgumentHelp("Time between two looks.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var interval = TimeSpan(seconds: 1)

  @Option(
    help: ArgumentHelp(
      """
      How long a socket must sit in its state before it counts as stuck; RULE=TIME for one rule \
      alone. May be given again.
      """, valueName: "[rule=]time"),
    transform: PatienceArgument.parse)
  var patience: [PatienceArgument] = []

  @Option(
    help: ArgumentHelp("Do not ask this rule. May be given again.", valueName: "rule"),
    transform: PatienceArgument.parseRule)
  var disable: [RuleID] = []

  @Flag(
    name: .shortAndLong,
    help: "All of every finding: each step, each proof. Without, the worst one is cut to a screen.")
  var verbose = false

  @Option(help: "How to write it: text, json (as --json) or markdown.")
  var format: TriageFormat?

  @OptionGroup var control: ControlOptions
  @OptionGroup var machine: HostOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) cannot go together")
    }
    guard let duration, machine.replay == nil else { return }
    guard interval.seconds <= duration.seconds else {
      throw ValidationError("--interval is longer than --for: there would be one look only")
    }
    guard interval.seconds >= 0.05 else {
      throw ValidationError("--interval below 50ms would measure closewatch itself")
    }
  }

  func run() throws {
    if let flag = ownLookFlag { return try look(.notAsked(flag: flag)) }
    let outcome = DaemonClient(path: control.path).ask(query.uri) {
      guard Terminal.hasError else { return }
      StandardError.line("the daemon is in the middle of a look; waiting for its end")
    }
    switch outcome {
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
    return disable.isEmpty ? nil : "--disable"
  }

  private var query: TriageQuery {
    var query = TriageQuery()
    query.format = chosenFormat
    query.target = target?.text
    query.showsAll = verbose
    query.style = Terminal.style(output.color)
    query.utcOffsetSeconds = Clock.utcOffsetSeconds
    return query
  }

  private var chosenFormat: TriageFormat { format ?? (output.json ? .json : .text) }

  private func look(_ why: WithoutDaemon) throws {
    let target = target?.target
    var looks = LookLoop(host: try machine.open(), interval: interval, duration: duration)
    looks.showsProgress = Terminal.hasError && machine.replay == nil
    var watch = Watch(settings: settings)
    var policy = Turn.Policy()
    policy.request = machine.request
    policy.findsEveryHolder = duration == nil
    var gaps: [Gap] = []
    var isTargetSeen = target == nil
    var completeGaps: [Gap]?
    let newest = try looks.run { host in
      policy.deadline = Clock.commandDeadline
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
    guard let census = watch.census else { return }
    let findings = watch.findings.filter { target?.admits($0) ?? true }
    var page = TriageReport(
      findings: findings,
      census: TriageCensus(
        census, patienceSeconds: watch.settings.patienceSeconds, target: target,
        besides: findings, gaps: newest.sample.gaps + (completeGaps ?? []),
        wasReadAsRoot: machine.isReadAsRoot),
      watchedSeconds: newest.watchedSeconds, earlierGaps: gaps, source: .look(why))
    page.target = target
    page.leftOut = watch.leftOut
    page.showsAll = verbose
    page.hostName = machine.replay == nil ? HostName.current : nil
    page.version = BuildInfo.version
    page.utcOffsetSeconds = Clock.utcOffsetSeconds
    try write(
      TriageWriter.bytes(of: page, chosenFormat, style: Terminal.style(output.color)))
    if page.asksForAction { throw ExitCode(ExitStatus.act) }
  }

  /// - Throws: ``UsageError`` when a look shows nothing of the target.
  private func seeTarget(
    _ sample: Sample, _ host: inout any Host, by deadline: BootInstant
  ) throws -> Bool {
    guard let target = target?.target else { return true }
    let report = host.findHolders(HolderSearch(everyHolderIn: sample), by: deadline)
    if target.isSeen(in: sample, report) { return true }
    throw UsageError("\(target.absence); closewatch sockets lists what there is")
  }

  private var settings: RuleSettings {
    var settings = RuleSettings()
    settings.patienceSeconds = Self.usualPatience(watching: duration)
    for argument in patience {
      if let rule = argument.rule {
        settings.patienceByRule[rule] = argument.time.seconds
      } else {
        settings.patienceSeconds = argument.time.seconds
      }
    }
    settings.disabledRules = Set(disable)
    // The report is about now: what two looks in a row no longer show has ended.
    settings.quietSeconds = 1.5 * interval.seconds
    return settings
  }

  /// Half of the time watched, so that what was stuck at first can be seen to stay for as long
  /// again; at most the default of the daemon.
  private static func usualPatience(watching duration: TimeSpan?) -> Double {
    let usual = RuleSettings().patienceSeconds
    return duration.map { min(usual, max(2, $0.seconds / 2)) } ?? usual
  }

  private func write(_ bytes: [UInt8]) throws {
    do {
      try StandardOutput.write(bytes)
    } catch StandardOutput.Failure.closed {
      // Nobody reads on; the exit status still says what was found.
    }
  }
}
