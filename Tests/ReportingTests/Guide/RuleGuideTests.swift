// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

@Suite struct RuleGuideTests {
  /// One guide with the question it answers, for messages.
  private struct Page {
    var rule: RuleID
    var runtime: ProcessRuntime
    var text: GuideText
    var name: String
    /// All that the page says.
    var all: [String] {
      [text.title, text.meaning] + text.now + text.fix
        + text.doesNotHelp.flatMap { [$0.what, $0.why] }
    }
  }

  private var pages: [Page] {
    GuideQuestion.all.map {
      Page(rule: $0.rule, runtime: $0.subject.runtime, text: $0.text, name: $0.name)
    }
  }

  private func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  @Test func `every cause belongs to a rule, and no rule names one twice`() {
    let named = RuleID.allCases.flatMap { $0.guide.causes }
    #expect(Set(named) == Set(Cause.allCases))
    for rule in RuleID.allCases {
      let causes = rule.guide.causes
      #expect(!causes.isEmpty && Set(causes).count == causes.count, "\(rule)")
    }
  }

  @Test func `every rule, cause and runtime has all parts of a guide`() {
    #expect(pages.count > 3000)
    for page in pages {
      #expect(page.all.allSatisfy { !$0.isEmpty }, "\(page.name)")
      #expect(page.text.now.count >= 2, "\(page.name)")
      #expect(!page.text.fix.isEmpty, "\(page.name)")
      #expect(page.text.doesNotHelp.count >= 2, "\(page.name)")
      #expect(Set(page.text.now).count == page.text.now.count, "\(page.name)")
      let futile = page.text.doesNotHelp.map(\.what)
      #expect(Set(futile).count == futile.count, "\(page.name)")
    }
  }

  @Test func `titles, meanings and lines keep their lengths, in ASCII`() {
    for page in pages {
      let text = page.text
      #expect(text.title.count <= 60 && !text.title.hasSuffix("."), "\(page.name)")
      #expect(text.meaning.count <= 300, "\(page.name): \(text.meaning.count)")
      #expect(!text.meaning.contains("\n"), "\(page.name)")
      #expect(sentences(text.meaning) <= 3, "\(page.name)")
      for entry in text.now + text.fix {
        // The sentence is wrapped where it is shown; what is below it are commands, which are not.
        for (index, line) in lines(entry).enumerated() {
          #expect(line.count <= (index == 0 ? 180 : 100), "\(page.name): \(line)")
          let isSentence = line.first?.isUppercase == true && line.last == "."
          #expect(index == 0 || !isSentence, "\(page.name): \(line)")
        }
      }
      for futile in text.doesNotHelp {
        #expect(futile.what.count <= 100 && !futile.what.contains("\n"), "\(futile.what)")
        #expect(futile.why.count <= 200 && !futile.why.contains("\n"), "\(futile.why)")
      }
      for part in page.all {
        #expect(
          part.utf8.allSatisfy { ($0 >= 0x20 && $0 < 0x7f) || $0 == 0x0a },
          "\(page.name): \(part)")
      }
    }
  }

  @Test func `titles and meanings have no placeholder, and no brace holds an unknown name`() {
    for page in pages {
      #expect(!(page.text.title + page.text.meaning).contains("{"), "\(page.name)")
      for part in page.all {
        for name in namesInBraces(part) {
          #expect(GuidePlaceholder(rawValue: name) != nil, "\(page.name): {\(name)}")
        }
      }
    }
  }

  @Test func `every placeholder is used by some guide`() {
    let steps = Root.Kind.allCases.flatMap { kind in
      var finding = FoundLeak.closeWait()
      finding.root = Root(kind, place: Endpoint(.anyIPv4, 5432))
      return finding.rootSteps
    }
    let used = Set((pages.flatMap(\.all) + steps).flatMap(namesInBraces))
    #expect(used == Set(GuidePlaceholder.allCases.map(\.rawValue)))
  }

  /// Commands that read or set what belongs to one network namespace. tcp_mem and tcp_max_orphans
  /// exist in the first namespace only. lsof without it takes living sockets for dead ones; only
  /// to count types (`-Ft`) does that not matter.
  @Test func `a command about one namespace's TCP enters it, one about the host does not`() {
    for page in pages {
      for command in page.text.now.flatMap({ lines($0).dropFirst() }) {
        let enters = command.hasPrefix("{netns}")
        let body = enters ? command.dropFirst("{netns}".count) : command
        let host =
          body.contains("tcp_mem") || body.contains("tcp_max_orphans")
          || body.contains("-Ft")
        if ["ss ", "nstat ", "ip ", "nft ", "tcpdump ", "sysctl ", "lsof "].contains(
          where: body.hasPrefix)
        {
          #expect(enters == !host, "\(page.name): \(command)")
        }
      }
    }
  }

  @Test func `what does not help is never recommended`() {
    let never = [
      "tcp_fin_timeout", "tcp_tw_recycle", "SO_LINGER", "ipv4.tcp_keepalive",
      "max_syn_backlog", "somaxconn", "file-max", "ulimit", "kill -9", "kill -KILL",
    ]
    for page in pages {
      for entry in page.text.now + page.text.fix {
        for word in never { #expect(!entry.contains(word), "\(page.name): \(entry)") }
      }
    }
  }

  /// Go's default answer to SIGQUIT is to print the goroutines and exit; only the JVM goes on.
  @Test func `a signal that ends the process says so`() {
    for page in pages {
      for step in page.text.now where step.contains("kill -QUIT") {
        #expect(page.runtime == .jvm || step.contains("ENDS the process"), "\(page.name): \(step)")
      }
      for step in page.text.now where step.contains("ss -K") {
        #expect(step.contains("ALL that match"), "\(page.name): \(step)")
      }
    }
  }

  @Test func `keepalive and tcp_fin_timeout are named as futile for every CLOSE_WAIT`() {
    for page in pages where [.closeWaitLeak, .closeWaitStuck].contains(page.rule) {
      let futile = page.text.doesNotHelp.map(\.what)
      #expect(futile.contains { $0.contains("keepalive") }, "\(page.name)")
      #expect(futile.contains { $0.contains("tcp_fin_timeout") }, "\(page.name)")
      let advice = (page.text.now + page.text.fix).joined()
      #expect(!advice.contains("SO_KEEPALIVE"), "\(page.name)")
    }
  }

  @Test func `two causes of one rule never share meaning or title, nor all of their advice`() {
    for rule in RuleID.allCases {
      for runtime in ProcessRuntime.allCases {
        let texts = rule.guide.causes.map {
          rule.guide(to: GuideSubject($0, runtime: runtime))
        }
        #expect(Set(texts.map(\.title)).count == texts.count, "\(rule)")
        #expect(Set(texts.map(\.meaning)).count == texts.count, "\(rule)")
        let advice = texts.map { $0.now + $0.fix }
        // Operators have the same time limits for a FIN that was read and one that was not.
        if ![.nginx, .haproxy, .envoy].contains(runtime), rule != .deadSocketLeak {
          #expect(Set(advice).count == texts.count, "\(rule) \(runtime)")
        }
      }
    }
  }

  @Test func `each rule has its own title and meaning`() {
    let first = RuleID.allCases.map { rule in
      rule.guide(to: GuideSubject(rule.guide.causes[0]))
    }
    #expect(Set(first.map(\.title)).count == first.count)
    #expect(Set(first.map(\.meaning)).count == first.count)
  }

  @Test func `a cause that the rule does not list gets its first cause's text`() {
    for rule in RuleID.allCases {
      let first = rule.guide(to: GuideSubject(rule.guide.causes[0], runtime: .python))
      for cause in Cause.allCases where !rule.guide.causes.contains(cause) {
        #expect(rule.guide(to: GuideSubject(cause, runtime: .python)) == first)
      }
    }
  }

  @Test(
    arguments: [
      (.closeWaitLeak, .eofUnread, .go, "resp.Body.Close()"),
      (.closeWaitLeak, .eofUnread, .python, "requests.Session"),
      (.closeWaitLeak, .eofUnread, .jvm, "try-with-resources"),
      (.closeWaitLeak, .eofReadNotClosed, .node, "allowHalfOpen"),
      (.closeWaitLeak, .inheritedByChild, .native, "SOCK_CLOEXEC"),
      (.closeWaitLeak, .dataUnread, .native, "until EAGAIN"),
      (.closeWaitLeak, .eofReadNotClosed, .haproxy, "client-fin"),
      (.finWait1Pileup, .peerNeverReads, .nginx, "send_timeout"),
      (.timeWaitPortExhaustion, .clientPortExhaustion, .go, "MaxIdleConnsPerHost"),
      (.timeWaitPortExhaustion, .clientPortExhaustion, .nginx, "proxy_http_version 1.1"),
      (.timeWaitPortExhaustion, .clientPortExhaustion, .native, "IP_BIND_ADDRESS_NO_PORT"),
      (.synSentPileup, .connectBlackhole, .native, "TCP_SYNCNT"),
    ] as [(RuleID, Cause, ProcessRuntime, String)])
  func `the lasting fix names what the runtime has for it`(
    rule: RuleID, cause: Cause, runtime: ProcessRuntime, words: String
  ) {
    let fix = rule.guide(to: GuideSubject(cause, runtime: runtime)).fix
    #expect(fix.contains { $0.contains(words) }, "\(fix)")
  }

  @Test
  func `with nothing known, no step is half a command, and all that is said of no process stays`() {
    for page in pages {
      let filled = page.text.filled(with: GuideValues())
      #expect(filled.now.allSatisfy { namesInBraces($0).isEmpty }, "\(page.name)")
      #expect(filled.fix == page.text.fix, "\(page.name)")
      #expect(filled.doesNotHelp == page.text.doesNotHelp, "\(page.name)")
    }
  }

  /// Sentences end with a full stop before a space or the end.
  private func sentences(_ text: String) -> Int {
    (text + " ").split(separator: ". ", omittingEmptySubsequences: true)
      .filter { !$0.allSatisfy(\.isWhitespace) }.count
  }

  /// What stands in braces and looks like a placeholder: small letters and dashes only.
  private func namesInBraces(_ text: String) -> [String] {
    text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
      guard let end = part.firstIndex(of: "}") else { return nil }
      let name = part[..<end]
      guard !name.isEmpty, name.allSatisfy({ ("a"..."z").contains($0) || $0 == "-" }) else {
        return nil
      }
      return String(name)
    }
  }

  @Test func `a block that grows is not said to stand`() {
    for cause in CloseWaitStuck.causes {
      var subject = GuideSubject(cause)
      subject.isGrowing = true
      let meaning = RuleID.closeWaitStuck.guide(to: subject).meaning
      #expect(!meaning.contains("not grow"), "\(cause)")
    }
  }

  /// One recv() that takes a request takes a FIN that came with it.
  @Test func `a server that has taken the end is not said to lack a close alone`() {
    for direction in [nil, ConnectionDirection.inbound] {
      let subject = GuideSubject(.eofReadNotClosed, direction: direction)
      for rule in [RuleID.closeWaitLeak, .closeWaitStuck] {
        #expect(rule.guide(to: subject).meaning.contains("or what serves them is stuck"))
      }
    }
    let client = GuideSubject(.eofReadNotClosed, direction: .outbound)
    #expect(RuleID.closeWaitLeak.guide(to: client).meaning.contains("Only close() is missing"))
  }

  @Test func `of MPTCP sockets no step shows their subflows, or tries to end them`() {
    for question in GuideQuestion.all {
      var subject = question.subject
      subject.isMPTCP = true
      let text = question.rule.guide(to: subject)
      #expect(text.now.count >= 1, "\(question.name)")
      for step in text.now {
        // What looks at ESTABLISHED, or at all of a process, is not about these alone.
        let isOfMore = step.contains("state established") || step.contains("ss -Htnp | grep")
        let isOfTCP = step.contains(/ss -t(?!M)/) || !isOfMore && step.contains(/ss -Ht/)
        #expect(!isOfTCP && !step.contains("ss -K"), "\(question.name): \(step)")
        #expect(!step.contains("closewatch release"), "\(question.name): \(step)")
      }
      #expect(!text.meaning.contains("close() is missing"), "\(question.name)")
    }
    var leak = GuideSubject(.eofReadNotClosed, direction: .inbound)
    leak.isMPTCP = true
    let step = RuleID.closeWaitLeak.guide(to: leak).now.first { $0.contains("close-wait") }
    #expect(step?.contains("ss -tMnpo state close-wait") == true)
  }
}
