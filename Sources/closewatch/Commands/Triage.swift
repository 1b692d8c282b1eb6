// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// `closewatch triage`: what should have been closed and was not, worst first.
struct Triage: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Looks for leaked sockets and says who, why, how fast, and what to do.",
    discussion: """
      Examples:
        closewatch triage                      one look
        closewatch triage --for 60s            watch for a minute, then judge
        closewatch triage --netns blue --json  one namespace, for a program

      Exit status: 0 nothing is wrong, 1 something to act on, 2 bad usage or nothing could be seen.
      """)

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Watch for this long before judging: 30s, 2m.", valueName: "time"),
    transform: TimeSpan.parsePositive)
  var duration: TimeSpan?

  @Option(
    help: ArgumentHelp("Time between two looks.", valueName: "time"),
    transform: TimeSpan.parsePositive)
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

  @OptionGroup var machine: HostOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard let duration, machine.replay == nil else { return }
    guard interval.seconds <= duration.seconds else {
      throw ValidationError("--interval is longer than --for: there would be one look only")
    }
    guard interval.seconds >= 0.05 else {
      throw ValidationError("--interval below 50ms would measure closewatch itself")
    }
  }

  func run() throws {
    var looks = LookLoop(
      host: try machine.open(), request: machine.request, interval: interval, duration: duration)
    looks.showsProgress = Terminal.hasError && machine.replay == nil
    var watch = Watch(settings: settings)
    var gaps: [Gap] = []
    let newest = try looks.run { sample, host in
      let search = watch.advance(with: sample)
      watch.attribute(host.findHolders(search, in: sample), to: search)
      _ = watch.judge()
      gaps += sample.gaps
      return watch.findings.isEmpty ? .atOnce : .later
    }
    let report = looks.host.findHolders(Self.pageSearch(newest.sample), in: newest.sample)
    let ages = SocketAges(newest.sample)
    var listing = SocketListing(newest.sample, report) { ages.age(of: $0) }
    listing.wasReadAsRoot = geteuid() == 0
    let page = TriageReport(
      findings: watch.findings, listing: listing, watchedSeconds: newest.watchedSeconds,
      earlierGaps: gaps)
    try write(page)
    if page.asksForAction { throw ExitCode(ExitStatus.act) }
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

  private func write(_ report: TriageReport) throws {
    do {
      if output.json {
        try StandardOutput.write(TriageJSON(report).bytes())
      } else {
        let style = Terminal.style(output.color)
        try StandardOutput.write(TriageText(report, style: style).text())
      }
    } catch StandardOutput.Failure.closed {
      // Nobody reads on; the exit status still says what was found.
    }
  }

  /// Everything that the page needs of the newest look: who holds what, and ghosts.
  private static func pageSearch(_ sample: Sample) -> HolderSearch {
    var search = HolderSearch()
    search.inodes = Set(sample.sockets.lazy.map(\.inode).filter { $0 != 0 })
    search.ghosts = .everywhere
    return search
  }
}
