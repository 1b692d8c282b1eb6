// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct TriageTextTests {
  private func text(
    _ findings: [Finding], watched: Double = 26, style: TextStyle = TextStyle(),
    showsAll: Bool = true
  ) -> String {
    var report = FoundLeak.report(findings, watched: watched)
    report.showsAll = showsAll
    return TriageText(report, style: style).text()
  }

  /// The page without its first line and the table.
  private func verdict(_ text: String) -> String {
    text.split(separator: "\n\n", omittingEmptySubsequences: false).dropFirst()
      .drop { $0.hasPrefix("SEVERITY") }.joined(separator: "\n\n")
  }

  /// The page without meaning and advice: those are the guide's, and have tests of their own.
  private func withoutGuide(_ text: String) -> String {
    let lines = verdict(text).split(separator: "\n", omittingEmptySubsequences: false)
    let course = lines.drop { !$0.isEmpty }.prefix { !$0.hasPrefix("  do now") }
    return (lines.prefix(1) + course).joined(separator: "\n") + "\n"
  }

  @Test func `the first finding tells who, what, since when, how fast, and what runs out`() {
    let page = text([FoundLeak.closeWait()])
    #expect(Golden.difference(withoutGuide(page), "triage-finding.txt") == nil)
    for label in ["  do now    ", "  fix       ", "  not a fix "] {
      #expect(page.contains("\n" + label), "\(label)")
    }
  }

  @Test func `a quiet host gets an answer in words, with what it was drawn from`() {
    #expect(Golden.difference(text([]), "triage-quiet.txt") == nil)
  }

  @Test func `one look does not claim what only time can show`() {
    let page = verdict(text([], watched: 0))
    #expect(page.hasPrefix("No verdict yet: 2 of 7 sockets of 3 processes wait to be closed"))
    #expect(text([], watched: 0).contains("try closewatch triage --for 60s"))
    #expect(!text([]).contains("--for 60s"))
    var quiet = ListedHost()
    quiet.sample.sockets.removeAll { $0.state == .closeWait }
    let report = quiet.triage(source: .look(.denied))
    let silence = verdict(TriageText(report, style: TextStyle()).text())
    #expect(silence.hasPrefix("No leaks found among 5 sockets of 1 process.\n"))
  }

  @Test func `never do more sockets wait to be closed than there are`() {
    var haunted = ListedHost()
    haunted.report.deadSockets = (0..<300).map { number in
      DeadDescriptor(
        inode: 5000 + UInt64(number), process: ProcessID(pid: 4711, startTicks: 4711),
        fd: 100 + Int32(number))
    }
    let report = haunted.triage(source: .look(.denied))
    let page = verdict(TriageText(report, style: TextStyle()).text())
    #expect(page.hasPrefix("No verdict yet: 302 of 307 sockets of 3 processes wait to be closed"))
  }

  @Test(arguments: [
    (Gap.Kind.boundReached, 1, true), (.namespaceNotRead, 1, true),
    (.descriptorsUnreadable, 2, true), (.descriptorsUnreadable, 1, false),
    (.runtimeUnread, 9, false), (.connectsLost, 9, false),
  ])
  func `a verdict on a part of the host says that it is one`(
    kind: Gap.Kind, count: Int, isPart: Bool
  ) {
    var quiet = ListedHost()
    quiet.sample.sockets.removeAll { $0.state == .closeWait }
    quiet.sample.gaps = [Gap(kind, count: count, detail: "why")]
    quiet.report.gaps = []
    let page = TriageText(quiet.triage(watched: 26), style: TextStyle()).text()
      .split { $0 == "\n" || $0 == " " }.joined(separator: " ")
    #expect(page.contains(": nothing to act on in what could be seen ") == isPart)
    #expect(page.contains("of 1 process, but not everything was seen: see Not seen.") == isPart)
    #expect(page.contains("No leaks found among 5 sockets of 1 process.") == !isPart)
  }

  @Test func `the worst comes first and the others are a line each`() {
    let mild = FoundLeak.closeWait(severity: .notice, id: "b")
    let worst = FoundLeak.closeWait(severity: .critical, id: "c")
    let page = text([mild, FoundLeak.closeWait(), worst], showsAll: false)
    #expect(verdict(page).hasPrefix("CRITICAL close-wait-leak: python3[4711] in api.service\n"))
    #expect(page.hasPrefix("14:00 UTC, watched for 26 s: 1 critical, 1 warning, 1 notice\n\n"))
    let row = "python3[4711] in api.service  88 in CLOSE_WAIT   3.0/s  fds in 5 min\n"
    #expect(
      page.contains(
        "SEVERITY  WHO                           WHAT              GROWTH  RUNS OUT\n"
          + "CRITICAL  \(row)WARNING   \(row)NOTICE    \(row)\n"), "\(page)")
    #expect(page.ranges(of: "do now").count == 1)
    #expect(text([mild, FoundLeak.closeWait(), worst]).ranges(of: "do now").count == 3)
  }

  @Test func `beyond ten, a number says how many are not in the table, and how bad they are`() {
    let findings = (10...21).map { FoundLeak.closeWait(id: "\($0)") }
    let page = text(findings, showsAll: false)
    #expect(page.ranges(of: "WARNING   python3[4711]").count == 10)
    #expect(page.contains("\n2 more, the worst warning: -v shows all\n"))
  }

  @Test
  func `a narrow table leaves out the growth and shortens names; a narrower one has two lines`() {
    func table(_ width: Int, _ tableWidth: Int? = nil) -> String {
      text(
        [FoundLeak.closeWait()], style: TextStyle(width: width, tableWidth: tableWidth),
        showsAll: false)
    }
    #expect(
      table(50).contains(
        "\nWARNING python3[4711] in api.service\n"
          + "  88 in CLOSE_WAIT on :18080, 3.0/s, fds in\n    5 min\n"))
    #expect(table(60).contains("\nWARNING   python3[4711]       88 in CLOSE_WAIT  fds in 5 min\n"))
    #expect(
      table(79, 200).contains(
        "\nWARNING   python3[4711] in api.service  88 in CLOSE_WAIT on :18080   3.0/s  fds in 5 min"
      ))
  }

  @Test func `the pid is never cut, whatever else has no room`() {
    var words = WhoWords("python3")
    words.main = "a-very-long-name-of-a-script.py"
    words.pid = 4_194_304
    words.others = 73
    words.home = "payments-worker.service"
    words.opener = "deploy[4700]"
    #expect(
      words.whole
        == "python3 a-very-long-name-of-a-script.py[4194304] and 73 more"
        + " in payments-worker.service, opened by deploy[4700]")
    for columns in 12...140 {
      let shown = words.within(columns, unicode: false)
      #expect(shown.contains("[4194304]"), "\(columns): \(shown)")
      #expect(UntrustedText.columns(shown) <= columns, "\(columns): \(shown)")
    }
    #expect(words.within(12, unicode: false) == "a-~[4194304]")
    #expect(WhoWords("no process").within(6, unicode: false) == "no pr~")
  }

  @Test func `an interpreter has the name of what it runs`() {
    var finding = FoundLeak.closeWait()
    finding.culprits[0].process.main = "app.py"
    let page = text([finding], showsAll: false)
    #expect(page.contains("\nWARNING close-wait-leak: python3 app.py[4711] in api.service\n"))
    finding.culprits[0].process.runtime = .jvm
    finding.culprits[0].process.command = "java"
    finding.culprits[0].process.main = "org.apache.catalina.startup.Bootstrap"
    #expect(text([finding]).contains("java Bootstrap[4711] in api.service"))
    finding.culprits[0].process.uid = 33
    #expect(text([finding]).contains("88 (uid 33, up "))
  }

  @Test func `what is pending says what is missing, and is not called a leak`() {
    var pending = FoundLeak.closeWait(lifecycle: .pending)
    pending.doubts = [.oneLook]
    let page = verdict(text([pending], watched: 0))
    #expect(page.hasPrefix("No verdict yet: 2 of 7 sockets of 3 processes wait to be closed"))
    let joined = page.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(joined.contains("one look cannot see growth: watch with --for 60s"))
    #expect(!joined.contains("do now"))
  }

  @Test func `a queue whose clients have gone is unjudged unless a finding speaks of it`() {
    let words = "in the accept queue, peer gone"
    var finding = FoundLeak.closeWait()
    finding.namespace = NetnsID(rawValue: 4_026_531_840)
    finding.localPort = 80
    #expect(text([finding]).contains(words))
    finding.evidence.append(.acceptQueue(used: 1, limit: 511))
    #expect(!text([finding]).contains(words))
    finding.localPort = 81
    #expect(text([finding]).contains(words))
  }

  @Test func `what has a finding is not listed again as unjudged`() {
    #expect(text([]).contains("python3: 1 socket in CLOSE_WAIT, end of stream unread (Recv-Q 1)"))
    #expect(!text([FoundLeak.closeWait()]).contains("end of stream unread (Recv-Q 1)"))
  }

  @Test func `what has ended is told by its peak, how it ended, and what is there now`() {
    var ended = FoundLeak.closeWait(lifecycle: .resolved)
    (ended.sockets, ended.peak) = (6, 382)
    ended.end = FindingEnd(how: .closed, at: BootInstant(seconds: 999), gone: 376, members: 382)
    ended.end?.newer = 5
    let page = text([ended], style: TextStyle(width: 300))
    #expect(
      page.contains(
        "382 sockets in CLOSE_WAIT at its peak, port 18080; 376 of 382 were closed, and 5 younger "
          + "ones are there"))
    #expect(!page.contains("6 sockets in CLOSE_WAIT"))
  }

  @Test func `what has ended speaks of nothing: its sockets are listed`() {
    let page = text([FoundLeak.closeWait(lifecycle: .resolved)])
    #expect(page.contains("\nStopped during the watch\n"))
    #expect(page.contains("python3: 1 socket in CLOSE_WAIT, end of stream unread (Recv-Q 1)"))
  }

  /// Nobody holds them, and the finding names a listener.
  @Test(arguments: [(UInt16(80), true), (81, false)])
  func `sockets without a process are not listed beside the finding of their port`(
    _ port: UInt16, _ isTold: Bool
  ) {
    var host = ListedHost()
    host.add(.lastAck, inode: 0, local: "192.0.2.1", 80, remote: "198.51.100.9", 40_005, send: 1)
    host.sample.sockets[host.sample.sockets.count - 1].retransmits = 6
    var finding = FoundLeak.closeWait()
    finding.rule = .lastAckPileup
    finding.cause = .peerVanished
    finding.state = .lastAck
    finding.localPort = port
    for (told, isListed) in [([], true), ([finding], !isTold)] {
      let report = host.triage(told, watched: 26, source: .look(.denied))
      let page = TriageText(report, style: TextStyle()).text()
      #expect(page.contains("no holder found: 1 socket closing, not acknowledged") == isListed)
    }
  }

  @Test func `who holds what another has opened is not told without the opener`() {
    var finding = FoundLeak.closeWait()
    finding.culprits[0].process.unit = nil
    finding.owner = Owner(.program, "server")
    finding.culprits += [
      Culprit(FoundLeak.process(84, "sleep"), role: .holder, sockets: 1, attribution: .descriptor),
      Culprit(FoundLeak.process(75, "server"), role: .opener, sockets: 88, attribution: .listener),
    ]
    #expect(
      verdict(text([finding])).hasPrefix(
        "WARNING close-wait-leak: python3[4711] and 1 more, opened by server[75]\n"))
    // Who holds what it has opened is one process.
    finding.culprits[1...] = [
      Culprit(FoundLeak.process(4711, "python3"), role: .opener, sockets: 8, attribution: .listener)
    ]
    #expect(verdict(text([finding])).hasPrefix("WARNING close-wait-leak: python3[4711]\n"))
  }

  @Test func `the commands enter the namespace by the process that they name, if it is there`() {
    var host = ListedHost()
    var other = NamespaceSample(id: NetnsID(rawValue: 4_026_532_201))
    other.memberPID = 52
    host.sample.namespaces.append(other)
    var finding = FoundLeak.closeWait()
    finding.namespace = other.id
    for (home, pid) in [(other.id, 4711), (NetnsID(rawValue: 7), 52), (nil, 52)] {
      finding.culprits[0].process.namespace = home
      let report = host.triage([finding], watched: 26, source: .look(.denied))
      let page = TriageText(report, style: TextStyle()).text()
      #expect(page.contains("nsenter -t \(pid) -n ss -tnpo state close-wait"), "\(page)")
    }
  }

  @Test func `evidence says what is counted, and above what`() {
    var finding = FoundLeak.closeWait()
    finding.evidence = [
      .receiveQueue(zero: 0, finOnly: 4, data: 66, largest: 16),
      .counter(name: "PassiveOpens", increase: 112, seconds: 28),
      .counter(name: "ActiveOpens", increase: 9, seconds: 28),
      .counter(name: "TCPTimeWaitOverflow", increase: 1, seconds: 28),
    ]
    let words = text([finding]).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("Recv-Q 1 on 4 (end of stream unread), above 1 on 66 (data unread, up"))
    #expect(words.contains("PassiveOpens rose by 112 in 28 s (handshakes completed as a server)"))
    #expect(words.contains("ActiveOpens rose by 9 in 28 s (connections begun as a client)"))
    #expect(words.contains("TCPTimeWaitOverflow rose by 1 in 28 s examples"))
  }

  @Test func `connects that the kernel has counted are a proof of who opens them`() {
    var finding = FoundLeak.closeWait()
    var process = ProcessRecord(id: ProcessID(pid: 812, startTicks: 1), command: "python3")
    process.main = "app.py"
    var counted = CountedConnects(
      process: process, processes: 1, connects: 4120, all: 4200, seconds: 64, withoutPort: 0,
      isWhole: true)
    finding.evidence = [.connectsCounted(counted)]
    let words = { text([finding]).split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    #expect(
      words().contains(
        "counted by the kernel: 4,120 of 4,200 connects in 64 s came from python3 app.py[812] "))
    counted.processes = 38
    counted.withoutPort = 7
    counted.isWhole = false
    finding.evidence = [.connectsCounted(counted)]
    #expect(
      words().contains(
        "counted by the kernel: at least 4,120 of 4,200 connects in 64 s came from 38 processes "
          + "called python3; 7 of all found no local port"))
  }

  @Test(arguments: [40, 60, 79])
  func `no line is wider than asked for`(_ width: Int) {
    var finding = FoundLeak.closeWait()
    finding.culprits[0].process.command = "日本日本日"
    let page = text([finding, FoundLeak.closeWait(id: "b")], style: TextStyle(width: width))
    for line in page.split(separator: "\n") where line.contains(" ") {
      let words = line.split(separator: " ")
      // A single word that is too long (a path, a cgroup) is not cut.
      guard words.count > 1, !words.contains(where: { $0.count > width - 16 }) else { continue }
      #expect(UntrustedText.columns(String(line)) <= width, "\(line)")
    }
  }

  @Test func `without colour and Unicode the page is plain ASCII`() {
    #expect(text([FoundLeak.closeWait()]).utf8.allSatisfy { $0 == 10 || (32..<127).contains($0) })
  }

  @Test func `colour adds nothing but escape sequences`() {
    let style = TextStyle(colour: true)
    let coloured = text([FoundLeak.closeWait()], style: style)
    #expect(coloured.contains("\u{1b}[1;33mWARNING"))
    let plain = coloured.replacing(/\u{1b}\[[0-9;]*m/, with: "")
    #expect(plain == text([FoundLeak.closeWait()]))
  }

  @Test func `a process cannot write escape sequences into the page`() {
    var finding = FoundLeak.closeWait()
    finding.culprits[0].process.command = "x\u{1b}]0;owned\u{7}"
    finding.culprits[0].process.unit = "y\u{1b}[2J.service"
    finding.namespaceName = "\u{9b}31m"
    let page = text([finding], style: TextStyle(unicode: true))
    #expect(
      !page.unicodeScalars.contains { $0.value != 10 && $0.properties.generalCategory == .control })
  }

  @Test func `a forecast is a range, and says when nothing runs out`() {
    var finding = FoundLeak.closeWait()
    #expect(text([finding]).contains("descriptors in 5 min (112 of 1,024 used)"))
    finding.forecast?.lowSeconds = 2460
    finding.forecast?.highSeconds = 3300
    #expect(text([finding]).contains("descriptors in 41-55 min (112 of 1,024 used)"))
    finding.forecast?.seconds = nil
    #expect(text([finding]).contains("descriptors: not at this rate (112 of 1,024 used)"))
    finding.growth = nil
    #expect(text([finding]).contains("descriptors: growth not measured yet (112 of 1,024 used)"))
    // It grew by 3 a second; for the time of three no one can tell that it has stopped.
    for (second, words) in [(1002.0, "growth not measured yet"), (1089, "not growing for 90 s")] {
      var stopped = finding
      stopped.history.append(HistoryPoint(at: BootInstant(seconds: second), sockets: 85))
      #expect(text([stopped]).contains("descriptors: \(words) (112 of 1,024 used)"), "\(second)")
    }
    finding.notGrowingSince = BootInstant(seconds: 990)
    #expect(text([finding]).contains("descriptors: not growing (112 of 1,024 used)"))
  }

  @Test func `a descriptor of a thread alone is named and looked for as one`() {
    var finding = FoundLeak.closeWait()
    finding.examples[0].holder?.table = .thread(4747)
    let page = text([finding])
    #expect(page.contains("pid 4711 fd 7 of thread 4747: "))
    #expect(page.contains("lsof -K -nP -a -p 4711 -d 7"))
    #expect(!page.contains("lsof -nP"))
    #expect(!page.contains("/proc/4711/fd"))
  }

  @Test func `only what fires at warning or above asks for action`() {
    func asks(_ lifecycle: Lifecycle, _ severity: Severity) -> Bool {
      FoundLeak.report([FoundLeak.closeWait(lifecycle: lifecycle, severity: severity)])
        .asksForAction
    }
    #expect(asks(.firing, .warning))
    #expect(asks(.firing, .critical))
    #expect(!asks(.firing, .notice))
    #expect(!asks(.pending, .critical))
    #expect(!asks(.resolved, .critical))
  }

  @Test func `the JSON has what a judge reads`() {
    let json = String(
      decoding: TriageJSON(FoundLeak.report([FoundLeak.closeWait()])).bytes(), as: UTF8.self)
    #expect(
      json.hasPrefix(
        #"{"schema_version":1,"time":1772373600,"watched_seconds":26,"source":{"kind":"look","#))
    for part in [
      #"},"findings":[{"id":"#,
      #""rule":"close-wait-leak","cause":"eof-unread","because_of":null,"root":null,"#,
      #""state":"firing","severity":"warning""#,
      #""sockets":88,"#, #""growth_per_second":3.02,"growth_range":[2.8,3.2]"#,
      #""local_port":18080,"remote_port":null"#,
      #""processes":[{"pid":4711,"start_ticks":4711,"role":"holder""#, #""role":"peer""#,
      // A peer stands for all of its ports, and each time is one of the calendar.
      #""peers":[{"remote":{"address":"203.0.113.9","port":null},"sockets":80}]"#,
      #""history":[[1772373574,10],[1772373575,13],"#,
      #""forecast":{"resource":"descriptors","used":112,"limit":1024,"seconds":302,"#,
      #""kind":"survivors","count":49,"patience_seconds":13,"text":"#,
      #""doubts":["ages-are-bounds"]"#, #""CLOSE_WAIT":2"#, #""SYN_SENT":0"#, #""gaps":[]"#,
    ] {
      #expect(json.contains(part), "\(part)")
    }
  }
}
