// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch history`: what the daemon has written to the journal, as one story for each firing.
struct FindingHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Shows when findings began, got worse and ended, from the journal.",
    discussion: """
      The daemon writes an entry when a finding begins to fire, gets worse and ends. This command \
      reads them and shows each firing as one story, the newest first, with those that began \
      before the window and were still active in it. What closewatch release did in the window is \
      listed between them.

      Only entries of root and of the service count: any user can write one that looks like it.

      A story without an end counts as still firing, unless the journal or the process table \
      shows that the daemon was no longer running. A time is a span back from now (2h), a date \
      and a time (2026-11-26 14:00), a time of today (14:00), today or yesterday.

      Exit status: 0 nothing is still firing, 1 something is still firing, 2 bad usage or the \
      journal cannot be read.

      Examples:
        closewatch history
        closewatch history --since 2h --unit web
        closewatch history --since yesterday --rule close-wait-leak --json
        closewatch history --directory /mnt/var/log/journal --since 2026-11-26
      """)

  @Option(
    help: ArgumentHelp(
      "Only findings still active after this time (default: 24h).", valueName: "time"),
    transform: MomentArgument.parse)
  var since: MomentArgument = .ago(TimeSpan(seconds: 86_400))

  @Option(
    help: ArgumentHelp("Only findings that began before this time.", valueName: "time"),
    transform: MomentArgument.parse)
  var until: MomentArgument?

  @Option(help: "Only this systemd unit, or another owner by its name.")
  var unit: String?

  @Option(help: "Only findings of this rule.", transform: PatienceArgument.parseRule)
  var rule: RuleID?

  @Option(
    help: ArgumentHelp(
      "Read the journal files below this directory: a copy, or another machine's.",
      valueName: "dir"))
  var directory: String?

  @Option(help: ArgumentHelp("Read only this journal file.", valueName: "file"))
  var file: String?

  @OptionGroup var output: OutputOptions

  /// The unit as the package installs it.
  private static let serviceUnit = "closewatch.service"
  /// What systemd says of a service that has ended: `SD_MESSAGE_UNIT_STOPPED`,
  /// `SD_MESSAGE_UNIT_SUCCESS` and `SD_MESSAGE_UNIT_FAILURE_RESULT`.
  private static let serviceEnds = [
    "9d1aaa27d60140bd96365438aad20286", "7ad2d189f7e94e70a38c781354912448",
    "d9b373ed55a64feb8242e02dbe79a49c",
  ]
  /// How long before the window a story may have been reported last and still be found.
  private static let lookBackSeconds = 30.0 * 86_400

  func validate() throws {
    if directory != nil, file != nil {
      throw ValidationError("--directory and --file cannot be combined")
    }
  }

  func run() throws {
    let now = Clock.wallSeconds
    var filter = HistoryFilter(since: try since.seconds(now: now))
    filter.until = try until?.seconds(now: now)
    filter.rule = rule
    filter.unit = unit
    if let end = filter.until, end < filter.since {
      throw UsageError("--until is before --since: nothing can be between them")
    }
    let (history, reach) = try read(filter, now: now)
    if output.json {
      try StandardOutput.write(HistoryJSON(history, filter: filter, reach: reach).bytes())
    } else {
      let text = HistoryText(
        history, filter: filter, reach: reach, style: Terminal.style(output.color),
        calendar: WallClock.time)
      try StandardOutput.write(text.text())
    }
    if history.stillFiring > 0 { throw ExitCode(ExitStatus.act) }
  }

  private var place: JournalPlace {
    directory.map { .directory($0) } ?? file.map { .file($0) } ?? .local
  }

  private func read(
    _ filter: HistoryFilter, now: Double
  ) throws(HostError) -> (History, JournalReach) {
    let files = JournalFiles(place)
    var reach = JournalReach(readable: files.readable, refused: files.refused)
    guard !files.isEmpty else { throw HostError(absence) }
    guard !reach.isBlind else {
      throw HostError("cannot read \(reach.refused[0]): permission denied; \(JournalReach.remedy)")
    }
    var reader = JournalReader(place)
    reach.reachesBackTo = try reader.reachesBackTo()
    let newest = try reader.newest()
    var fold = try fold(filter, &reader)
    reach.damaged = reader.damaged
    // A copy ends when it was made; on this machine silence is news too.
    let end = place == .local ? now : newest?.wallSeconds ?? now
    let history = fold.finish(now: end, bootID: newest?.bootID) { writer in
      place == .local && JournalWriter.isGone(pid: writer.pid, command: writer.command)
    }
    return (history, reach)
  }

  private func fold(
    _ filter: HistoryFilter, _ reader: inout JournalReader
  ) throws(HostError) -> HistoryFold {
    var fold = HistoryFold(filter)
    let rules = rule.map { [$0] } ?? RuleID.allCases
    let ids = rules.flatMap { $0.guide.messageIDs.all }
    let matches: [JournalReader.Match] = [
      (ids + [MessageIDs.release]).map { ("MESSAGE_ID", $0) },
      Self.serviceEnds.map { ("MESSAGE_ID", $0) } + [("UNIT", Self.serviceUnit)],
    ]
    let wanted: Set = ["MESSAGE_ID", "UNIT", "_PID", "_COMM", "_UID", "_SYSTEMD_UNIT"]
    try reader.read(
      matches, since: filter.since - Self.lookBackSeconds,
      keep: { wanted.contains($0) || $0.hasPrefix("CLOSEWATCH_") },
      body: { record in
        guard Self.mayTell(record) else {
          fold.leaveOut(user: record["_UID"])
          return true
        }
        let fields = record.fields.map { JournalEntry.Field(name: $0.name, value: $0.value) }
        if record["UNIT"] == Self.serviceUnit {
          fold.daemonStopped(at: record.wallSeconds)
        } else if record["MESSAGE_ID"] == MessageIDs.release {
          fold.takeRelease(fields, at: record.wallSeconds)
        } else {
          fold.take(
            fields, at: record.wallSeconds, bootID: record.bootID,
            writer: record["_PID"].flatMap { Int32($0) }.map { pid in
              FindingStory.Writer(pid: pid, command: record["_COMM"])
            })
        }
        return true
      })
    return fold
  }

  /// Whether it is from root or the service. Every user can write an entry with any other field:
  /// those that begin with an underscore are journald's own, of the process that sent it
  /// (systemd.journal-fields(7)).
  private static func mayTell(_ record: JournalRecord) -> Bool {
    record["_UID"] == "0" || record["_SYSTEMD_UNIT"] == serviceUnit
  }

  private var absence: String {
    switch place {
    case .local:
      "there is no journal on this machine: no files below "
        + JournalFiles.localDirectories.joined(separator: " or ")
        + "; is systemd-journald running, and is its Storage= set to other than none?"
    case .directory(let path):
      "there is no journal file below \(path); give the directory that has *.journal files"
    case .file(let path):
      "there is no journal file \(path); its name must end in .journal"
    }
  }
}
