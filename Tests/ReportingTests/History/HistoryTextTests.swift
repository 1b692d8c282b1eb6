// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// The page that a person reads.
@Suite struct HistoryTextTests {
  /// A calendar whose days have 10,000 seconds: no time zone comes into it.
  private static func calendar(_ seconds: Double) -> CalendarTime {
    let rest = Int(seconds) % 10_000
    return CalendarTime(
      year: 2026, month: 11, day: 1 + Int(seconds) / 10_000, hour: rest / 3600,
      minute: rest / 60 % 60, second: rest % 60, weekday: Int(seconds) / 10_000 % 7)
  }

  private static func text(
    _ told: ToldStory, filter: HistoryFilter = HistoryFilter(since: 0),
    reach: JournalReach = JournalReach(readable: ["system.journal"], refused: []),
    style: TextStyle = TextStyle(), now: Double = 30_000
  ) -> String {
    HistoryText(
      told.history(now: now), filter: filter, reach: reach, style: style, calendar: calendar
    ).text()
  }

  private static var told: ToldStory {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 20, firedFor: 0)
    told.tell(.worsened, at: 1060, sockets: 40, firedFor: 60)
    told.tell(.worsened, at: 1200, sockets: 90, severity: .critical, firedFor: 200)
    told.tell(.resolved, at: 10_500, sockets: 70, firedFor: 9500)
    told.tell(.worsened, at: 21_000, sockets: 1204, id: "b", firedFor: 500)
    told.tell(.firing, at: 20_600, sockets: 5, id: "c")
    told.fold.daemonStopped(at: 20_700)
    told.tell(.worsened, at: 21_000, sockets: 1204, id: "b", firedFor: 500)
    return told
  }

  @Test func `stories stand newest first, by day, each with its course`() {
    #expect(
      Self.text(Self.told) == """
        3 findings since Sun 2026-11-01 00:00:00, 1 still firing, 1 without an end in
        the journal.

        Tue 2026-11-03

        WARNING close-wait-leak: python3[4711] in api.service
          began     00:10:00 with 5 sockets in CLOSE_WAIT
          ended     unknown: no end in the journal. The daemon stopped at 00:11:40.
                    Last reported 00:10:00; at most 5 sockets in CLOSE_WAIT
          where     local port 18080
          cause     eof-unread: Closed by the peer, and nobody looks any more

        WARNING close-wait-leak: python3[4711] in api.service
          began     00:08:20, estimated: that entry was not read
          worsened  2 times: 00:16:40 1,204, 00:16:40 1,204
          now       still firing for 2.6 h; at most 1,204 sockets in CLOSE_WAIT, last
                    reported 00:16:40
          where     local port 18080
          cause     eof-unread: Closed by the peer, and nobody looks any more

        Sun 2026-11-01

        CRITICAL close-wait-leak: python3[4711] in api.service
          began     00:16:40 with 20 sockets in CLOSE_WAIT
          worsened  2 times: 00:17:40 40, 00:20:00 90 (critical)
          ended     Mon 2026-11-02 00:08:20 after 2.6 h; at most 90 sockets in
                    CLOSE_WAIT, 70 at the last count
          where     local port 18080
          cause     eof-unread: Closed by the peer, and nobody looks any more

        Each entry with its remedy: journalctl -x -t closewatch

        """)
  }

  @Test func `a story says what stood behind it, what it followed from and how it ended`() {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 75, firedFor: 0)
    told.tell(.resolved, at: 2000, sockets: 3, firedFor: 1000) { finding in
      (finding.localPort, finding.remotePort) = (nil, 443)
      finding.peers = [
        PeerCount(remote: Endpoint(ListedHost.address("192.0.2.7"), 443), sockets: 75)
      ]
      finding.becauseOf = "syn-sent-pileup/unit:api.service/to:2379"
      finding.root = Root(
        .waitsForBackend, place: Endpoint(ListedHost.address("192.0.2.9"), 2379),
        process: FoundLeak.process(812, "etcd"))
      finding.end = FindingEnd(how: .closed, at: BootInstant(seconds: 1000), gone: 72, members: 75)
      finding.end?.newer = 4
    }
    let text = Self.text(told, style: TextStyle(width: 300))
    #expect(text.contains("72 of 75 were closed, and 4 younger ones are there; at most 75 sockets"))
    #expect(text.contains("where     to 192.0.2.7:443\n"))
    #expect(text.contains("root      probably waits for 192.0.2.9:2379 (etcd[812])\n"))
    #expect(text.contains("because of syn-sent-pileup/unit:api.service/to:2379\n"))
    let json = HistoryJSON(
      told.history(), filter: HistoryFilter(since: 0),
      reach: JournalReach(readable: [], refused: []))
    let document = String(decoding: json.bytes(), as: UTF8.self)
    #expect(document.contains(#""because_of":"syn-sent-pileup/unit:api.service/to:2379""#))
    #expect(document.contains(#""root":{"kind":"waits-for-backend","place":"192.0.2.9:2379""#))
    #expect(document.contains(#""newer":4"#))
  }

  @Test func `an empty history says how it can come`() {
    var filter = HistoryFilter(since: 100)
    filter.unit = "web\u{1b}[2J"
    filter.rule = .closeWaitStuck
    var reach = JournalReach(readable: ["system.journal"], refused: [])
    reach.reachesBackTo = 200
    #expect(
      Self.text(ToldStory(), filter: filter, reach: reach) == """
        No findings of close-wait-stuck in web?[2J in the journal since Sun 2026-11-01
        00:01:40.

        closewatch daemon writes them: check that it runs (closewatch doctor).
        The journal goes back to Sun 2026-11-01 00:03:20 only.

        """)
  }

  @Test func `a release stands between the stories at its time`() {
    var told = Self.told
    told.release(at: 10_600, sockets: 1, gone: 2, failed: 1, port: 18080)
    told.release(at: 900, sockets: 2)
    let text = Self.text(told)
    #expect(
      text.hasPrefix(
        """
        3 findings since Sun 2026-11-01 00:00:00, 1 still firing, 1 without an end in
        the journal, 2 releases.

        Tue 2026-11-03
        """))
    let middle = """
        cause     eof-unread: Closed by the peer, and nobody looks any more

      Mon 2026-11-02

      RELEASED 1 socket in CLOSE_WAIT: python3[4711] in api.service
        at        00:10:00, by user 1000
        only      those in CLOSE_WAIT for 5 min and more, local port 18080
        besides   2 already gone, 1 failed

      Sun 2026-11-01

      CRITICAL close-wait-leak: python3[4711] in api.service
      """
    #expect(text.contains(middle), "\(text)")
    let end = """
        cause     eof-unread: Closed by the peer, and nobody looks any more

      RELEASED 2 sockets in CLOSE_WAIT: python3[4711] in api.service
        at        00:15:00, by user 1000
        only      those in CLOSE_WAIT for 5 min and more

      Each entry with its remedy: journalctl -x -t closewatch

      """
    #expect(text.hasSuffix(end), "\(text)")
  }

  @Test func `releases alone are told too, as plain text`() {
    var told = ToldStory()
    told.release(at: 1000, command: "a\u{1b}[2J", unit: nil)
    #expect(
      Self.text(told) == """
        No findings in the journal since Sun 2026-11-01 00:00:00; 1 release.

        Sun 2026-11-01

        RELEASED 5 sockets in CLOSE_WAIT: a?[2J[4711]
          at        00:16:40, by user 1000
          only      those in CLOSE_WAIT for 5 min and more

        Each entry with its remedy: journalctl -x -t closewatch

        """)
  }

  @Test func `the JSON has releases, each with what was done to whom by whom`() {
    var told = ToldStory()
    told.release(at: 1000, sockets: 2, failed: 1, port: 8080)
    let json = HistoryJSON(
      told.history(), filter: HistoryFilter(since: 0),
      reach: JournalReach(readable: [], refused: []))
    let text = String(decoding: json.bytes(), as: UTF8.self)
    #expect(
      text.contains(
        #""releases":[{"at":1000,"pid":4711,"command":"python3","unit":"api.service","released":2,"#
          + #""gone":0,"failed":1,"older_than_seconds":300,"local_port":8080,"uid":0,"#
          + #""login_uid":1000}]"#))
  }

  @Test func `what was not read stands below, with the remedy`() {
    var told = Self.told
    told.fold.take([], at: 1, bootID: "b1", writer: nil)
    var reach = JournalReach(readable: ["system.journal"], refused: ["/j/system@1.journal"])
    reach.damaged = 2
    let text = Self.text(told, reach: reach)
    #expect(text.contains("1 file of the journal cannot be read, for example /j/system@1.journal:"))
    #expect(text.contains("usermod -aG systemd-journal NAME"))
    #expect(text.contains("1 entry not understood"))
    #expect(text.contains("2 entries damaged: journalctl --verify says where."))
  }

  @Test(arguments: [
    ([], ["/j/system.journal"], true), (["/j/user-1000.journal"], ["/j/system.journal"], true),
    (["/j/system.journal"], ["/j/user-7.journal"], false), (["/j/system.journal"], [], false),
    ([], [], false),
  ])
  func `who may read no file of the system is blind`(
    _ readable: [String], _ refused: [String], _ isBlind: Bool
  ) {
    #expect(JournalReach(readable: readable, refused: refused).isBlind == isBlind)
  }

  @Test func `every line keeps to 79 columns, and to ASCII where that is wanted`() {
    var told = Self.told
    let long = String(repeating: "多字", count: 40)
    told.tell(.firing, at: 5000, sockets: 5, id: "wide", unit: long)
    let text = Self.text(told)
    #expect(text.utf8.allSatisfy { $0 < 0x80 })
    #expect(text.contains("????"))
    for line in Self.text(Self.told, style: TextStyle(unicode: true)).split(separator: "\n") {
      #expect(line.count <= 79, "\(line)")
    }
  }
}
