// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

@Suite struct GuideDirectionTests {
  private func advice(_ text: GuideText) -> String {
    return ([text.title, text.meaning] + text.now + text.fix).joined(separator: "\n")
  }

  /// What only someone who opens connections can do.
  private let clientWords = [
    "requests.Session", "http.Client", "HttpClient", "HTTPClient", "http.Agent", "ClientSession",
    "resp.Body", "pool was dropped", "curl_easy", "reqwest", "res.resume", "Dial", "bodies unread",
  ]
  /// What only someone who accepts connections can do.
  private let serverWords = [
    "handler", "Accept", "server.accept", "load balancer", "createServer", "Kestrel", "Servlets",
    "Puma",
  ]

  @Test func `who accepted the connections is not told what clients do, and the other way round`() {
    let rules: [RuleID] = [.closeWaitLeak, .closeWaitStuck, .establishedIdleGrowth]
    for question in GuideQuestion.all where rules.contains(question.rule) {
      guard let direction = question.subject.direction, question.subject.cause != .inheritedByChild
      else {
        continue
      }
      let text = advice(question.text)
      for word in direction == .inbound ? clientWords : serverWords {
        #expect(!text.contains(word), "\(question.name): \(word)")
      }
    }
  }

  /// All that has come from it is a FIN, which shutdown() sends as well as close().
  @Test(arguments: [("192.0.2.7", true), ("127.0.0.1", false)])
  func `a peer elsewhere may have closed one half only, one on this host has not`(
    peer: String, mayWait: Bool
  ) {
    var finding = FoundLeak.closeWait()
    finding.cause = .eofReadNotClosed
    finding.peers = [PeerCount(remote: Endpoint(ListedHost.address(peer), 0), sockets: 88)]
    #expect(finding.guide.meaning.contains("peers elsewhere may wait for it") == mayWait)
    (finding.localPort, finding.remotePort) = (nil, 443)
    #expect(finding.guide.meaning.contains("Only close() is missing."))
  }

  /// Calls and types of programming languages: of no use to who runs what others wrote.
  private let codeWords = [
    "EAGAIN", "epoll", "close(", "try-with", "finally", "await", "ensure ", "SO_", "socket(2)",
    "gdb", "py-spy", "requests.Session", "CancellationToken", "defer ", "fclose",
  ]

  @Test func `the operator of an installed program is told nothing about code`() {
    for question in GuideQuestion.all where question.subject.reader != .author {
      // Inherited descriptors are a fault of code, whoever reads of it.
      if question.subject.cause == .inheritedByChild { continue }
      let text = question.text
      for entry in text.now + text.fix {
        for word in codeWords {
          #expect(!entry.contains(word), "\(question.name): \(entry)")
        }
      }
    }
  }

  @Test(
    arguments: [
      ("postgresql", .closeWaitLeak, .dataUnread, "client_connection_check_interval"),
      ("postgresql", .closeWaitLeak, .dataUnread, "pg_blocking_pids"),
      ("pgbouncer", .closeWaitLeak, .eofUnread, "show clients"),
      ("rabbitmq", .closeWaitLeak, .dataUnread, "rabbitmq-diagnostics alarms"),
      ("rabbitmq", .closeWaitStuck, .eofUnread, "list_connections pid"),
      ("sshd", .establishedIdleGrowth, .idleNeverClosed, "ClientAliveInterval"),
      ("tinyproxy", .acceptQueueStall, .notAccepted, "MaxClients"),
      ("memcached", .acceptQueueStall, .notAccepted, "limit -c"),
      ("php-fpm", .acceptQueueStall, .notAccepted, "pm.max_children"),
      ("lighttpd", .closeWaitLeak, .eofUnread, "read-timeout"),
      ("nginx", .closeWaitLeak, .eofUnread, "proxy_read_timeout"),
      ("docker-proxy", .closeWaitStuck, .eofReadNotClosed, "docker restart"),
    ] as [(String, RuleID, Cause, String)])
  func `a packaged program gets its own commands and settings`(
    program: String, rule: RuleID, cause: Cause, words: String
  ) throws {
    let reader = try #require(GuideAudience.reader(named: program))
    let subject = GuideSubject(cause, direction: .inbound, reader: reader)
    #expect(advice(rule.guide(to: subject)).contains(words))
  }

  @Test func `of a process that can open nothing more nobody says that an event is over`() {
    var finding = FoundLeak.closeWait()
    (finding.rule, finding.growth) = (.closeWaitStuck, nil)
    #expect(finding.guide.meaning.contains("one event left them"))
    finding.forecast?.used = 1024
    #expect(finding.guide.meaning.contains("has no descriptor left for another"))
    #expect(!finding.guide.meaning.contains("one event left them"))
    // What is known of the others is not lost.
    finding.cause = .dataUnread
    #expect(finding.guide.meaning.contains("unread input"))
  }

  @Test func `an installed program that nothing is known of gets what any operator can do`() {
    var process = ProcessRecord(id: ProcessID(pid: 7, startTicks: 1))
    process.command = "dovecot"
    process.executable = "/usr/sbin/dovecot"
    process.runtime = .native
    #expect(GuideReader(process) == .installed)
    process.executable = "/srv/bin/mailer"
    #expect(GuideReader(process) == .author)
    process.executable = "/usr/bin/python3.11"
    process.runtime = .python
    #expect(GuideReader(process) == .author)
  }

  @Test func `with all values known, no step of any text is dropped or half filled`() {
    var values = GuideValues()
    values.pid = 1
    values.fd = 2
    values.port = 3
    values.remotePort = 4
    values.remote = Endpoint(.loopbackIPv6, 80)
    values.unit = "a.service"
    values.container = "0a"
    (values.pod, values.podNamespace) = ("web-1", "shop")
    values.portRange = 32768...60999
    values.opener = 5
    values.peer = 6
    values.softLimit = 1024
    values.hardLimit = 4096
    for question in GuideQuestion.all {
      let text = question.text
      let filled = text.filled(with: values)
      #expect(filled.now.count == text.now.count, "\(question.name)")
      for entry in filled.now + filled.fix {
        for placeholder in GuidePlaceholder.allCases {
          #expect(!entry.contains("{\(placeholder.rawValue)}"), "\(entry)")
        }
      }
    }
  }

  @Test func `when time is short, no step that only looks stands before one that saves`() {
    for question in GuideQuestion.all {
      var urgent = question
      urgent.subject.isUrgent = true
      let text = urgent.text
      #expect(Array(text.now.prefix(text.rescue.count)) == text.rescue)
      #expect(text.firstSteps.count >= min(text.rescue.count, text.now.count))
      // Nothing is lost for it: only the step that says that there is no hurry.
      #expect(Set(question.text.now).subtracting(text.now).count <= 1, "\(question.name)")
    }
  }

  @Test func `that nobody accepts is said only of a queue that stands`() {
    func words(_ moves: Bool?) -> String {
      var subject = GuideSubject(.notAccepted)
      subject.queueMoves = moves
      let text = RuleID.acceptQueueStall.guide(to: subject)
      return text.title + ". " + text.meaning
    }
    #expect(words(true).contains("too slowly") && !words(true).contains("not call accept()"))
    #expect(words(false).contains("does not accept its connections."))
    // A page of the rule is about both.
    #expect(words(nil).contains("in time") && words(nil).contains("not often enough"))
  }
}
