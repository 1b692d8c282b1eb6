// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

/// What stands behind a finding is said with its place, and as what it is: inferred.
struct RootWordsTests {
  private func waiting() -> Finding {
    var finding = FoundLeak.closeWait()
    var root = Root(
      .waitsForBackend, place: Endpoint(ListedHost.address("192.0.2.9"), 5432),
      process: FoundLeak.process(812, "postgres"))
    var waiting = Root.Waiting()
    waiting.connecting = 76
    waiting.unanswered = 1
    root.waiting = waiting
    finding.root = root
    return finding
  }

  private func page(_ findings: [Finding]) -> String {
    TriageText(FoundLeak.report(findings), style: TextStyle(width: 300)).text()
  }

  @Test func `a backend is named with its process and with what waits for it`() {
    let page = page([waiting()])
    let sentence =
      "probably waits for 192.0.2.9:5432 (postgres[812]): 76 attempts to connect and "
      + "1 connection without an answer"
    #expect(page.contains(sentence))
    let event = FindingEvent(kind: .firing, at: BootInstant(seconds: 1000), finding: waiting())
    #expect(EventMessage.line(event).contains("; " + sentence))
  }

  @Test func `the first step is to look at the backend`() throws {
    let guide = FoundLeak.report([]).guide(for: waiting())
    #expect(try #require(guide.now.first).contains("'( dst = 192.0.2.9:5432 )'"))
    #expect(guide.now[2].contains("/proc/812/task"))
  }

  @Test func `a known program at the backend is asked in its own words`() {
    let guide = FoundLeak.report([]).guide(for: waiting())
    #expect(guide.now[1].contains("pg_stat_activity"))
    #expect(guide.now[1].contains("psql -p 5432"))
  }

  @Test func `when time is short the backend comes before more workers and a restart`() throws {
    var finding = waiting()
    finding.rule = .acceptQueueStall
    finding.cause = .notAccepted
    finding.severity = .critical
    finding.culprits = [
      Culprit(
        FoundLeak.process(4711, "apache2", unit: "apache2.service"), role: .listener, sockets: 33,
        attribution: .listener)
    ]
    let guide = FoundLeak.report([]).guide(for: finding)
    #expect(try #require(guide.firstSteps.first).contains("load balancer"))
    #expect(guide.firstSteps[1].contains("192.0.2.9:5432"))
    #expect(guide.now.contains { $0.contains("systemctl restart -- apache2.service") })
    #expect(!guide.now.contains { $0.contains("MaxRequestWorkers reached?") })
    finding.root = nil
    let alone = FoundLeak.report([]).guide(for: finding)
    #expect(alone.firstSteps[1].contains("MaxRequestWorkers reached?"))
  }

  @Test func `who a signal has stopped is named, and let go on instead of mended`() throws {
    var finding = waiting()
    var process = FoundLeak.process(4711, "api", unit: "api.service")
    process.isStopped = true
    finding.root = Root(.stoppedBySignal, process: process)
    finding.culprits = [
      Culprit(process, role: .holder, sockets: 40, attribution: .descriptor)
    ]
    #expect(page([finding]).contains("stopped by a signal (state T): api[4711]"))
    let guide = FoundLeak.report([]).guide(for: finding)
    #expect(guide.meaning.contains("until it gets SIGCONT"))
    #expect(guide.now.contains { $0.contains("kill -CONT 4711") })
    #expect(!guide.now.contains { $0.contains("restart") })
  }

  @Test func `a backend that a signal has stopped is said to be so`() throws {
    var finding = waiting()
    finding.root?.process?.isStopped = true
    let words = "192.0.2.9:5432 (postgres[812], which a signal has stopped): 76 attempts"
    #expect(page([finding]).contains(words))
    finding.rule = .finWait1Pileup
    finding.cause = .peerNeverReads
    (finding.localPort, finding.remotePort) = (nil, 5432)
    finding.root?.kind = .stoppedBySignal
    finding.root?.waiting = nil
    #expect(
      page([finding]).contains("stopped by a signal (state T): 192.0.2.9:5432 (postgres[812])"))
    let guide = FoundLeak.report([]).guide(for: finding)
    #expect(try #require(guide.now.first).contains("kill -CONT 812"))
  }

  @Test func `clients are told who leaves their data unread`() throws {
    var finding = waiting()
    finding.rule = .finWait1Pileup
    finding.cause = .peerNeverReads
    (finding.localPort, finding.remotePort) = (nil, 5672)
    var broker = FoundLeak.process(815, "beam.smp")
    (broker.runtime, broker.main) = (.erlang, "rabbit")
    finding.root = Root(
      .stoppedReading, place: Endpoint(ListedHost.address("192.0.2.9"), 5672), process: broker)
    let guide = FoundLeak.report([]).guide(for: finding)
    #expect(try #require(guide.now.first).hasPrefix("192.0.2.9:5672 serves others"))
    // A second line would be a command to copy.
    #expect(guide.now.first?.contains("\n") == false)
    #expect(guide.now[1].contains("rabbitmq-diagnostics alarms"))
  }

  @Test(arguments: [Severity.warning, .critical])
  func `a consequence sends to what it follows from, before anything else`(
    severity: Severity
  ) throws {
    var finding = FoundLeak.closeWait(severity: severity)
    #expect(!FoundLeak.report([]).guide(for: finding).now.contains(GuideStep.consequence))
    finding.becauseOf = "accept-queue-stall/api.service/:8080"
    let guide = FoundLeak.report([]).guide(for: finding)
    #expect(guide.firstSteps.contains(GuideStep.consequence))
    #expect(guide.now.filter { $0 != GuideStep.balancer }.first == GuideStep.consequence)
  }

  /// A proxy that keeps both sides until both have ended closes them when the backend does.
  @Test(arguments: [RuleID.closeWaitLeak, .closeWaitStuck])
  func `clients that are kept for a backend lack more than a close()`(rule: RuleID) throws {
    var finding = waiting()
    (finding.rule, finding.cause) = (rule, .eofReadNotClosed)
    if rule == .closeWaitStuck { finding.growth = nil }
    let kept = FoundLeak.report([]).guide(for: finding)
    #expect(!kept.meaning.contains("close() is missing"))
    #expect(kept.meaning.contains("until its backend answers or closes"))
    finding.root = nil
    #expect(FoundLeak.report([]).guide(for: finding).meaning.contains("Only close() is missing"))
  }

  @Test func `a block whose end is unread is not left by an event while a backend is waited for`()
    throws
  {
    var finding = waiting()
    (finding.rule, finding.cause, finding.growth) = (.closeWaitStuck, .eofUnread, nil)
    let kept = FoundLeak.report([]).guide(for: finding).meaning
    #expect(!kept.contains("one event") && kept.contains("until its backend answers"))
    finding.root = nil
    #expect(FoundLeak.report([]).guide(for: finding).meaning.contains("one event"))
  }

  @Test func `a backend that refuses is told without a place`() throws {
    var finding = waiting()
    finding.root = Root(.waitsForBackend)
    #expect(page([finding]).contains("probably waits for a backend that refuses its connections\n"))
    let guide = FoundLeak.report([]).guide(for: finding)
    #expect(try #require(guide.now.first).contains("nstat -asz TcpActiveOpens TcpAttemptFails"))
    #expect(
      RootWords.withoutAddress(Root(.waitsForBackend))
        == "probably waits for a backend that refuses its connections")
  }

  @Test func `room for descriptors is no advice where they do not run out`() throws {
    var finding = FoundLeak.closeWait(severity: .critical)
    finding.rule = .closeWaitStuck
    #expect(FoundLeak.report([]).guide(for: finding).now.contains { $0.hasPrefix("Buy time") })
    finding.growth = nil
    finding.forecast?.stop()
    #expect(!FoundLeak.report([]).guide(for: finding).now.contains { $0.hasPrefix("Buy time") })
  }

  @Test func `room for descriptors is no advice for a process for each connection`() {
    var finding = FoundLeak.closeWait()
    finding.forecast = nil
    func isAdvised() -> Bool {
      FoundLeak.report([]).guide(for: finding).now.contains { $0.hasPrefix("Buy time") }
    }
    #expect(isAdvised())
    finding.culprits = (0..<12).map {
      Culprit(
        FoundLeak.process(900 + $0, "socat"), role: .holder, sockets: 1, attribution: .descriptor)
    }
    #expect(!isAdvised())
  }

  @Test func `the public page names no address`() {
    let text = RootWords.withoutAddress(waiting().root ?? Root(.ownLimit))
    #expect(
      text == "probably waits for a backend, port 5432: 76 attempts to connect and 1 connection "
        + "without an answer")
  }

  @Test func `each line of a finding names the place that its sockets go to`() {
    var second = FoundLeak.closeWait(id: "b")
    (second.localPort, second.remotePort) = (nil, 2379)
    second.peers = [PeerCount(remote: Endpoint(ListedHost.address("192.0.2.9"), 2379), sockets: 76)]
    var third = second
    third.id = "c"
    third.peers.append(
      PeerCount(remote: Endpoint(ListedHost.address("192.0.2.10"), 2379), sockets: 5))
    let page = page([FoundLeak.closeWait(severity: .critical), second, third])
    #expect(page.contains(" to 192.0.2.9:2379  "))
    #expect(page.contains(" to 192.0.2.9:2379 and other places  "))
    let event = FindingEvent(kind: .firing, at: BootInstant(seconds: 1000), finding: second)
    #expect(EventMessage.line(event).contains("in CLOSE_WAIT, to 192.0.2.9:2379, growing"))
  }
}
