// SPDX-License-Identifier: Apache-2.0

/// How long a rule waits before it calls something stuck.
package struct Patience: Sendable {
  /// Whose time it is: rules that judge the same sockets share one. nil: it asks for none.
  package let rule: RuleID?
  /// The threshold that it is unless the rule has one of its own (`patience-by-rule`).
  package let usual: Threshold
  /// More than this is not waited, whatever is set: where the kernel gives up by itself, a longer
  /// time would never see one.
  package let mostSeconds: Double?
  /// Why not more. Goes on after the value and a colon.
  package let reasonOfMost: String
  /// What the time decides here, where it is something of its own.
  package let meaning: String?

  init(of rule: RuleID, usually usual: Threshold = .patience, meaning: String? = nil) {
    self.rule = rule
    self.usual = usual
    self.meaning = meaning
    mostSeconds = nil
    reasonOfMost = ""
  }

  init(of rule: RuleID, atMost mostSeconds: Double, because reason: String) {
    self.rule = rule
    usual = .patience
    meaning = nil
    self.mostSeconds = mostSeconds
    reasonOfMost = reason
  }

  private init() {
    rule = nil
    usual = .patience
    meaning = nil
    mostSeconds = nil
    reasonOfMost = ""
  }

  /// Of a rule that has no use for a time.
  static let none = Patience()

  package func seconds(_ settings: RuleSettings) -> Double {
    guard let rule, case .seconds(let place, _) = usual.kind else { return 0 }
    return min(
      settings.patienceByRule[rule] ?? settings[keyPath: place], mostSeconds ?? .infinity)
  }
}
