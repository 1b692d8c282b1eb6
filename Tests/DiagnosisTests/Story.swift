// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A script of a host, and closewatch watching it with the settings of an untouched host.
struct Story {
  var host = HostScript()
  private(set) var watch: Watch
  private(set) var events: [FindingEvent] = []

  init(_ change: (inout RuleSettings) -> Void = { _ in }) {
    var settings = RuleSettings()
    change(&settings)
    watch = Watch(settings: settings)
  }

  /// One turn, as the daemon and triage take it.
  mutating func look(at second: Double, _ policy: Turn.Policy = Turn.Policy()) {
    var script = host
    script.states.formIntersection(policy.request.states)
    var host = ScriptedHost(script, at: second)
    do throws(HostError) {
      events += try watch.take(on: &host, policy).events
    } catch {
      Issue.record("a scripted host always answers: \(error)")
    }
  }

  mutating func look(every seconds: Double, from start: Double = 0, through end: Double) {
    for second in stride(from: start, through: end, by: seconds) { look(at: second) }
  }

  /// closewatch is started anew: it knows what the kernel knows.
  mutating func restart() {
    watch = Watch(settings: watch.settings)
    events = []
  }

  var firing: [Finding] { watch.findings.filter { $0.lifecycle == .firing } }
  var firingRules: [RuleID] { firing.map(\.rule) }
  var pending: [Finding] { watch.findings.filter { $0.lifecycle == .pending } }

  func finding(_ rule: RuleID) -> Finding? { watch.findings.first { $0.rule == rule } }
  func lifecycle(_ rule: RuleID) -> Lifecycle? { finding(rule)?.lifecycle }

  var census: Census? { watch.census }

  /// The one connection at a local port, as the census has it.
  func connection(port: UInt16) -> Connection? {
    census?.connections.first { $0.localPort == port }
  }
}

extension Story: CustomTestStringConvertible {
  /// What a failed expectation prints: the findings, not the whole host.
  var testDescription: String {
    watch.findings.map { "\($0.lifecycle.rawValue) \($0.id) \($0.doubts.map(\.rawValue))" }
      .joined(separator: "; ")
  }
}

extension Finding {
  var holders: [Int32] { culprits.filter { $0.role == .holder }.map(\.process.id.pid) }

  func pids(_ role: Culprit.Role) -> [Int32] {
    culprits.filter { $0.role == role }.map(\.process.id.pid)
  }

  var survivors: Int? {
    for case .survivors(let count, _) in evidence { return count }
    return nil
  }
}
