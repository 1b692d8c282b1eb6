// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import TestSupport
import Testing

/// What a triage says of where it has its knowledge from, in every format.
@Suite struct TriageSourceTests {
  /// Asked at 1,004 s after boot, 4 s after the newest look.
  static func watch(since: Double = -10_520) -> DaemonWatch {
    DaemonWatch(
      since: BootInstant(seconds: since), newestLookAt: BootInstant(seconds: 1000),
      askedAt: BootInstant(seconds: 1004), intervalSeconds: 10, patienceSeconds: 120)
  }

  private func text(_ source: TriageSource, watched: Double = 0) -> String {
    TriageText(
      FoundLeak.report([], watched: watched, source: source), style: TextStyle()
    ).text()
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Two hours of a leak: in the first it was slower.
  static var longLeak: Finding {
    var finding = FoundLeak.closeWait()
    finding.firstSeen = BootInstant(seconds: -6200)
    finding.firingSince = BootInstant(seconds: -6080)
    finding.history = (0...24).map { index in
      HistoryPoint(
        at: BootInstant(seconds: -6200 + 300 * Double(index)),
        sockets: index <= 12 ? 10 + index : 22 + 20 * (index - 12))
    }
    finding.changes = [
      FindingChange(at: BootInstant(seconds: -6200), kind: .appeared(sockets: 10)),
      FindingChange(at: BootInstant(seconds: -6080), kind: .fired(sockets: 11)),
      FindingChange(at: BootInstant(seconds: -2000), kind: .doubled(sockets: 42)),
      FindingChange(at: BootInstant(seconds: -1000), kind: .severity(.critical)),
      FindingChange(
        at: BootInstant(seconds: -400),
        kind: .replaced(
          was: ProcessID(pid: 4000, startTicks: 1), now: ProcessID(pid: 4711, startTicks: 2))),
    ]
    return finding
  }

  @Test func `the daemon says since when it watches, and how new that is`() {
    let page = text(.daemon(Self.watch()), watched: 11_520)
    #expect(
      page.hasPrefix(
        "14:00 UTC, watched for 3.2 h by the daemon: nothing to act on No leaks found among"),
      "\(page)")
    #expect(
      page.contains(
        "From the daemon: watching since 10:48 (3.2 h), last look 4.0 s ago, every 10 s."),
      "\(page)")
    #expect(!page.contains("one look"))
    #expect(!page.contains("--for"))
  }

  @Test func `a daemon that has just begun says what it cannot judge yet`() {
    let page = text(.daemon(Self.watch(since: 990)))
    #expect(page.contains("Too short to judge growth: nothing counts as stuck before 2 min."))
    #expect(page.contains("No verdict yet"))
  }

  @Test func `a daemon that looks less often than set says so`() {
    var watch = Self.watch()
    watch.isBackedOff = true
    watch.intervalSeconds = 40
    watch.establishedAt = BootInstant(seconds: 944)
    let page = text(.daemon(watch))
    #expect(page.contains("every 40 s (a look costs more than cpu-budget allows)."))
    #expect(page.contains("Sockets (ESTABLISHED 60 s ago): "))
  }

  @Test(arguments: [
    (WithoutDaemon.absent(path: "/x"), "One look only; no daemon answers here."),
    (.denied, "One look only; only root and the group closewatch may ask the daemon."),
    (.silent("not within 1.5 s"), "One look only; the daemon does not answer (not within 1.5 s)."),
    (.notAsked(flag: "--no-daemon"), "One look only; the daemon was not used (--no-daemon)."),
  ])
  func `a look of its own says why it is not the daemon, and what it cannot judge`(
    _ why: WithoutDaemon, _ words: String
  ) {
    let page = text(.look(why))
    #expect(page.contains(words), "\(page)")
    #expect(page.contains("Too short to be sure of growth: try closewatch triage --for 60s."))
  }

  @Test func `a watch says how long, and a short one that it is too short`() {
    let long = text(.look(.notAsked(flag: "--for")), watched: 60)
    #expect(
      long.contains(
        "Watched for 60 s; the daemon was not used (--for), so there is no earlier history."))
    let short = text(.look(.notAsked(flag: "--for")), watched: 2)
    #expect(short.contains("Watched for 2.0 s only; the daemon was not used"))
  }

  @Test(arguments: [
    (false, "closewatch triage api.service"), (true, "the same command with -v shows all of it"),
  ])
  func `a command that follows a page asks the daemon that the page is of`(
    _ isElsewhere: Bool, _ words: String
  ) {
    var report = FoundLeak.report([Self.longLeak], source: .daemon(Self.watch()))
    report.isAskedElsewhere = isElsewhere
    let page = TriageText(report, style: TextStyle()).text()
    #expect(page.contains("  more      \(words)\n"), "\(page)")
  }

  @Test func `what the daemon remembers of a finding is on its page`() {
    var report = FoundLeak.report([Self.longLeak], source: .daemon(Self.watch()))
    report.showsAll = true
    let page = TriageText(report, style: TextStyle()).text()
    let course = page.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.hasPrefix("  held by") }.prefix { !$0.hasPrefix("  proof") }
    #expect(
      Golden.difference(course.joined(separator: "\n") + "\n", "triage-remembered.txt") == nil)
  }

  @Test func `without the daemon none of it is claimed`() {
    var report = FoundLeak.report([Self.longLeak], source: .look(.denied))
    report.showsAll = true
    let page = TriageText(report, style: TextStyle()).text()
    for word in ["changed", "faster", "firing since"] { #expect(!page.contains(word), "\(word)") }
  }

  @Test func `in Markdown times are UTC, whoever reads it`() {
    var report = FoundLeak.report([Self.longLeak], source: .daemon(Self.watch()))
    report.utcOffsetSeconds = 7200
    let text = TriageMarkdown(report).markdown()
    #expect(text.contains("From the daemon: watching since 10:48 (3.2 h)"))
    #expect(text.contains("Times are UTC. closewatch."))
    #expect(text.contains("- since: the oldest is at least 29 s old, firing since 12:02"))
    #expect(text.contains("13:26 became critical"))
  }

  @Test func `in JSON the source has its numbers, and each finding its times`() {
    let report = FoundLeak.report([Self.longLeak], source: .daemon(Self.watch()))
    let json = String(decoding: TriageJSON(report).bytes(), as: UTF8.self)
    for part in [
      #""source":{"kind":"daemon","watching_since":1772362080,"newest_look":1772373600,"#
        + #""newest_look_age_seconds":4,"established_look":1772373600,"interval_seconds":10,"#
        + #""is_backed_off":false,"patience_seconds":120,"text":"From the daemon"#,
      #""first_seen":1772366400,"firing_since":1772366520,"#,
      #""changes":[{"at":1772366400,"what":"appeared","sockets":10},"#,
      #""what":"severity","severity":"critical""#, #""what":"replaced","pid_was":4000,"pid":4711"#,
    ] {
      #expect(json.contains(part), "\(part)\n\(json)")
    }
    let own = FoundLeak.report([], source: .look(.denied))
    let look = String(decoding: TriageJSON(own).bytes(), as: UTF8.self)
    #expect(look.contains(#""source":{"kind":"look","newest_look":1772373600,"daemon":"denied","#))
  }
}
