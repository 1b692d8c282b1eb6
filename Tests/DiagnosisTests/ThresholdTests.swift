// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What each rule declares of its thresholds, held against what it judges by: one setting at a time
/// is changed, and the running rule is asked again.
struct ThresholdTests {
  @Test func `the settings stand in the list once each`() {
    let names = Threshold.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(Self.trials.map(\.rule)) == Set(RuleID.allCases))
  }

  @Test(arguments: RuleID.allCases)
  func `a rule judges by the thresholds that it declares, and by no other`(_ id: RuleID) throws {
    let rule = try #require(RuleCatalog.rules.first { $0.id == id })
    var declared = Set(rule.thresholds.map(\.name))
    if rule.patience.rule != nil { declared.insert(rule.patience.usual.name) }
    let trials = Self.trials.filter { $0.rule == id }.map {
      (trial: $0, usual: $0.outcome { _ in })
    }
    let deciding = Threshold.all.filter { threshold in
      trials.contains { trial, usual in
        Self.changes(of: threshold).contains { trial.outcome($0) != usual }
      }
    }
    #expect(Set(deciding.map(\.name)) == declared)
  }

  @Test(arguments: RuleID.allCases)
  func `a rule waits for the time that it declares`(_ id: RuleID) throws {
    let rule = try #require(RuleCatalog.rules.first { $0.id == id })
    for trial in Self.trials where trial.rule == id && !trial.hasOwnPace {
      for own in [nil, 3.0, 40] {
        let story = trial.story { $0.patienceByRule[rule.patience.rule ?? id] = own }
        for case .survivors(_, let seconds) in story.finding(id)?.evidence ?? [] {
          #expect(seconds == rule.patience.seconds(story.watch.settings))
        }
      }
    }
  }

  private static func changes(of threshold: Threshold) -> [(inout RuleSettings) -> Void] {
    switch threshold.kind {
    case .count(let place, let range):
      [range.lowerBound, range.upperBound].map { value in { $0[keyPath: place] = value } }
    case .seconds(let place, let range):
      [range.lowerBound, range.upperBound].map { value in { $0[keyPath: place] = value } }
    case .share(let place): [0.001, 1].map { value in { $0[keyPath: place] = value } }
    }
  }

  /// A small host on which a rule has something to say.
  struct Trial: Sendable {
    var rule: RuleID
    var looks: [Double]
    var host: @Sendable (inout HostScript) -> Void
    /// Its sockets leave, at a pace that counts where it is slower than the patience.
    var hasOwnPace = false

    init(
      _ rule: RuleID, every seconds: Double = 10, from start: Double = 0, through end: Double,
      _ host: @escaping @Sendable (inout HostScript) -> Void
    ) {
      self.rule = rule
      looks = Array(stride(from: start, through: end, by: seconds))
      self.host = host
    }

    /// The same host with something else about it.
    func changed(_ change: @escaping @Sendable (inout HostScript) -> Void) -> Trial {
      var copy = self
      copy.host = { [host] script in
        host(&script)
        change(&script)
      }
      return copy
    }

    func story(_ change: (inout RuleSettings) -> Void) -> Story {
      var story = Story(change)
      host(&story.host)
      for second in looks { story.look(at: second) }
      return story
    }

    func outcome(_ change: (inout RuleSettings) -> Void) -> String {
      guard let finding = story(change).finding(rule) else { return "none" }
      return "\(finding.lifecycle) \(finding.severity) \(finding.doubts) \(finding.evidence)"
    }
  }
}

// MARK: The hosts

extension ThresholdTests {
  static let trials: [Trial] =
    closeWait + [
      acceptQueue, acceptQueue.changed { $0.unreadable = [100] }, fullQueue, leftDead,
      Trial(.deadSocketLeak, through: 600) { host in
        host.start("app", pid: 100)
        host.add(at: (1...40).map { 20 * Double($0) }) { second in
          .opened(to: 443, by: 100).enters(.established, at: second - 15).dies(at: second)
            .isReleased(at: second == 20 ? 580 : .infinity)
        }
      },
      Trial(.finWait2Owned, through: 600) { host in
        host.start("fetch", pid: 100)
        host.add(at: (1...50).map { 20 * Double($0) }) { second in
          .opened(to: 9000, by: 100).enters(.established, at: second - 10)
            .enters(.finWait2, at: second).leaves(at: second == 20 ? 580 : .infinity)
        }
      },
      Trial(.finWait2Owned, through: 600) { host in
        host.start("fetch", pid: 100)
        host.add(at: (1...30).map { 60 + Double($0) / 100 }) { second in
          .opened(to: 9000, by: 100).enters(.established, at: 1).enters(.finWait2, at: second)
        }
      },
    ] + unfinished + handshakes + timeWait + [
      Trial(.establishedIdleGrowth, every: 20, through: 2000) { host in
        host.start("push", pid: 100, limit: 300)
        host.listen(8080, by: 100)
        host.add(at: (1...400).map { 10 * Double($0) }) { second in
          .accepted(on: 8080, by: 100).enters(.established, at: second)
            .leaves(at: second == 10 ? 1980 : .infinity)
        }
      },
      forgotten,
      Trial(.descriptorExhaustion, through: 60) { host in
        host.start("api", pid: 100, limit: 1024) { _ in 922 }
        host.listen(8080, by: 100)
      },
      Trial(.orphanPressure, through: 60) { host in
        host.namespaces[0].settings.areRead = true
        host.namespaces[0].settings.maxOrphans = 1000
        host.namespaces[0].sockstat.orphans = 500
      },
    ]

  private static let leftDead = Trial(.deadSocketLeak, through: 400) { host in
    host.start("app", pid: 100)
    host.add(at: (0..<20).map { 60 + Double($0) / 100 }) { second in
      .opened(to: 443, by: 100).enters(.established, at: 1).dies(at: second)
    }
  }

  /// Each is used for a moment. The ports to the place run out before the descriptors.
  private static let forgotten = Trial(.establishedIdleGrowth, every: 60, through: 2500) { host in
    host.namespaces[0].settings.areRead = true
    host.namespaces[0].settings.localPortRange = 50_000...50_999
    host.start("proxy", pid: 100, limit: 1_048_576)
    for number in 0..<250 {
      host.add(
        .between(
          Endpoint(HostScript.here, UInt16(50_000 + number)),
          Endpoint(HostScript.elsewhere, 3000), by: 100
        )
        .enters(.established, at: 9.7 * Double(number)).changed { $0.usedSeconds = 5 })
    }
  }

  private static let acceptQueue = Trial(.acceptQueueStall, through: 500) { host in
    host.start("api", pid: 100)
    host.listen(8080, by: 100)
    host.add(at: (1...20).map { 5 * Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
        .enters(.closeWait, at: second + 30, unread: 1).leaves(at: second == 5 ? 480 : .infinity)
    }
  }

  /// It is full, and moves: nobody in it waits for long.
  private static let fullQueue = Trial(.acceptQueueStall, from: 10, through: 50) { host in
    host.start("api", pid: 100)
    host.listen(8080, by: 100, queueLimit: 5)
    host.add(at: (0..<60).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second).leaves(at: second + 8)
    }
  }

  /// A full SYN queue, in which none grows old.
  private static let standingHandshakes: Trial = {
    var trial = Trial(.synRecvPileup, every: 5, from: 10, through: 20) { host in
      host.start("api", pid: 100)
      host.listen(8080, by: 100, queueLimit: 32)
      host.add(at: stride(from: 0, to: 400, by: 6.0 / 33)) { second in
        .accepted(on: 8080, by: nil).enters(.synRecv, at: second).leaves(at: second + 6)
      }
    }
    trial.hasOwnPace = true
    return trial
  }()

  private static let handshakes: [Trial] = [
    standingHandshakes,
    // Handshakes beside a full accept queue, which is to be judged first.
    Trial(.synRecvPileup, every: 5, through: 40) { host in
      fullQueue.host(&host)
      host.add(at: (1...40).map { Double($0) }) { second in
        .accepted(on: 8080, by: nil).enters(.synRecv, at: second)
      }
    },
  ]

  private static let closeWait: [Trial] =
    [(true, UInt32(0)), (true, 1), (false, 1)].map { isInbound, unread in
      Trial(.closeWaitLeak, through: 900) { host in
        host.start("api", pid: 100)
        if isInbound { host.listen(8080, by: 100) }
        host.add(at: (1...30).map { 30 * Double($0) }) { second in
          (isInbound ? ScriptedSocket.accepted(on: 8080, by: 100) : .opened(to: 443, by: 100))
            .enters(.established, at: second - 20)
            .enters(.closeWait, at: second, unread: unread)
            .leaves(at: second == 30 ? 880 : .infinity)
        }
      }
    } + [
      // The last of 1,024 descriptors goes in 45 s: there is no time for a second look.
      Trial(.closeWaitLeak, from: 622, through: 622) { host in
        host.start("api", pid: 100) { _ in 24 }
        host.listen(8080, by: 100)
        host.add(at: (0..<932).map { Double($0) / 1.5 }) { second in
          .accepted(on: 8080, by: 100).enters(.established, at: second)
            .enters(.closeWait, at: second, unread: 1)
        }
      },
      // What can be a pool's.
      Trial(.closeWaitStuck, through: 400) { host in
        host.start("api", pid: 100)
        host.add(at: (0..<20).map { 60 + Double($0) / 100 }) { second in
          .opened(to: 443, by: 100).enters(.established, at: 1)
            .enters(.closeWait, at: second, unread: 1)
        }
      },
      // A few on each of many ports.
      Trial(.closeWaitStuck, through: 400) { host in
        host.start("api", pid: 100)
        for port in UInt16(8080)...8083 { host.listen(port, by: 100) }
        host.add(at: (0..<16).map { 60 + Double($0) / 100 }) { second in
          .accepted(on: 8080 + UInt16(second * 100) % 4, by: 100).enters(.established, at: 1)
            .enters(.closeWait, at: second, unread: 1)
        }
      },
      Trial(.closeWaitStuck, through: 400) { host in
        host.start("api", pid: 100)
        host.listen(8080, by: 100)
        host.add(at: (0..<20).map { 60 + Double($0) / 100 }) { second in
          .accepted(on: 8080, by: 100).enters(.established, at: 1)
            .enters(.closeWait, at: second, unread: 1).leaves(at: second == 60 ? 380 : .infinity)
        }
      },
    ]

  private static let unfinished: [Trial] = [
    (RuleID.finWait1Pileup, TCPState.finWait1), (.lastAckPileup, .lastAck),
    (.closingPileup, .closing), (.synRecvPileup, .synRecv), (.synSentPileup, .synSent),
  ].map { rule, state in
    Trial(rule, every: 5, through: 60) { host in
      host.start("api", pid: 100)
      if state != .synSent { host.listen(8080, by: 100) }
      host.add(at: (1...60).map { Double($0) }) { second in
        (state == .synSent ? ScriptedSocket.opened(to: 443, by: 100) : .accepted(on: 8080, by: nil))
          .enters(state, at: second)
      }
      host.counters = { second in
        var counters = TCPCounters()
        counters.passiveOpens = UInt64(2 * second)
        counters.activeOpens = UInt64(2 * second)
        return counters
      }
    }
  }

  private static let timeWait: [Trial] =
    // The second is full soon; the first has been left as it is.
    [(160, 20.0), (120, 12)].map { closing, end in
      Trial(.timeWaitPortExhaustion, every: end, through: end) { host in
        host.namespaces[0].settings.areRead = true
        host.namespaces[0].settings.localPortRange = 50_000...50_199
        host.namespaces[0].settings.timeWaitReuse = 0
        host.start("batch", pid: 100)
        for number in 0..<closing {
          host.add(
            .between(
              Endpoint(HostScript.here, UInt16(50_000 + number)),
              Endpoint(HostScript.elsewhere, 5432), by: 100
            )
            .enters(.established, at: 1).enters(.timeWait, at: 5).isReleased(at: 5))
        }
      }
    } + [
      Trial(.timeWaitBucketOverflow, through: 300) { host in
        host.start("web", pid: 100)
        host.listen(80, by: 100)
        host.namespaces[0].settings.maxTimeWaitBuckets = 31
        host.counters = { second in
          var counters = TCPCounters()
          counters.timeWaitOverflow = 1000 + UInt64(second)
          return counters
        }
        host.add(at: (0..<31).map { Double($0) }) { second in
          .accepted(on: 80, by: nil).enters(.timeWait, at: second)
        }
      }
    ]
}
