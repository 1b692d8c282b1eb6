// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A small host on which a rule has something to say. Together those of a rule show what it judges
/// by: each of its thresholds decides on one of them.
struct ThresholdTrial: Sendable {
  private let looks: [Double]
  private var host: @Sendable (inout HostScript) -> Void
  /// Its sockets leave, at a pace that counts where it is slower than the patience.
  private let hasOwnPace: Bool

  init(
    every seconds: Double = 10, from start: Double = 0, through end: Double,
    hasOwnPace: Bool = false, _ host: @escaping @Sendable (inout HostScript) -> Void
  ) {
    looks = Array(stride(from: start, through: end, by: seconds))
    self.hasOwnPace = hasOwnPace
    self.host = host
  }

  /// The same host with something else about it.
  func changed(_ change: @escaping @Sendable (inout HostScript) -> Void) -> ThresholdTrial {
    var copy = self
    copy.host = { [host] script in
      host(&script)
      change(&script)
    }
    return copy
  }

  /// What the rule declares, held against what it judges by: one setting at a time is changed, and
  /// the running rule is asked again.
  static func check(_ id: RuleID, _ trials: [ThresholdTrial]) throws {
    let rule = try #require(RuleCatalog.rules.first { $0.id == id })
    var declared = Set(rule.thresholds.map(\.name))
    if rule.patience.rule != nil { declared.insert(rule.patience.usual.name) }
    let usual = trials.map { $0.outcome(id) { _ in } }
    let deciding = Threshold.all.filter { threshold in
      zip(trials, usual).contains { trial, usual in
        changes(of: threshold).contains { trial.outcome(id, $0) != usual }
      }
    }
    #expect(Set(deciding.map(\.name)) == declared, "\(id) judges by other thresholds")
    let compared = trials.filter { !$0.hasOwnPace }.reduce(0) { $0 + $1.checkPatience(of: rule) }
    let isCounted = rule.patience.rule != nil && !tellingNoPatience.contains(id)
    #expect(compared > 0 || !isCounted, "no time that \(id) has waited was compared")
  }

  /// Of a counter that rises, nobody can have waited: the time decides how far back is counted.
  private static let tellingNoPatience: Set<RuleID> = [.timeWaitBucketOverflow]

  /// The rule waits for the time that it declares.
  ///
  /// - Returns: How many times were compared.
  private func checkPatience(of rule: any Rule.Type) -> Int {
    var compared = 0
    for own in [nil, 3.0, 40] {
      let story = story { $0.patienceByRule[rule.patience.rule ?? rule.id] = own }
      for case .survivors(_, let seconds) in story.finding(rule.id)?.evidence ?? [] {
        #expect(seconds == rule.patience.seconds(story.watch.settings))
        compared += 1
      }
    }
    return compared
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

  private func story(_ change: (inout RuleSettings) -> Void) -> Story {
    var story = Story(change)
    host(&story.host)
    for second in looks { story.look(at: second) }
    return story
  }

  private func outcome(_ rule: RuleID, _ change: (inout RuleSettings) -> Void) -> String {
    guard let finding = story(change).finding(rule) else { return "none" }
    return "\(finding.lifecycle) \(finding.severity) \(finding.doubts) \(finding.evidence)"
  }
}

// MARK: Hosts that several rules share

extension ThresholdTrial {
  /// An accept queue that is full, and moves: nobody in it waits for long.
  static func fullQueue(
    every seconds: Double = 10, from start: Double = 10, through end: Double = 50
  ) -> ThresholdTrial {
    ThresholdTrial(every: seconds, from: start, through: end) { host in
      host.start("api", pid: 100)
      host.listen(8080, by: 100, queueLimit: 5)
      host.add(at: (0..<60).map { Double($0) }) { second in
        .accepted(on: 8080, by: nil).enters(.established, at: second).leaves(at: second + 8)
      }
    }
  }

  /// One a second begins what the other side does not answer.
  static func unfinished(
    _ state: TCPState, _ socket: ScriptedSocket = .accepted(on: 8080, by: nil),
    through end: Int = 60
  ) -> ThresholdTrial {
    ThresholdTrial(every: 5, through: Double(end)) { host in
      host.start("api", pid: 100)
      host.listen(8080, by: 100)
      host.add(at: (1...end).map { Double($0) }) { second in socket.enters(state, at: second) }
      host.counters = { second in
        var counters = TCPCounters()
        counters.passiveOpens = UInt64(2 * second)
        counters.activeOpens = UInt64(2 * second)
        return counters
      }
    }
  }
}
