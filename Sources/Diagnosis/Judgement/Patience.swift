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
  /// What the time decides here, where it is something of its own.
  package let meaning: String?
  /// Why it is that, or why not more. As ``Threshold/reason``.
  package let reason: String?

  private init(
    rule: RuleID?, usual: Threshold = .patience, mostSeconds: Double? = nil,
    meaning: String? = nil, reason: String? = nil
  ) {
    self.rule = rule
    self.usual = usual
    self.mostSeconds = mostSeconds
    self.meaning = meaning
    self.reason = reason
  }

  init(of rule: RuleID, usually usual: Threshold = .patience) {
    self.init(rule: rule, usual: usual)
  }

  init(of rule: RuleID, meaning: String, because reason: String) {
    self.init(rule: rule, meaning: meaning, reason: reason)
  }

  /// - Parameter mostSeconds: More than this is not waited.
  init(of rule: RuleID, atMost mostSeconds: Double, because reason: String) {
    self.init(rule: rule, mostSeconds: mostSeconds, reason: reason)
  }

  /// Of a rule that has no use for a time.
  static let none = Patience(rule: nil)

  package func seconds(_ settings: RuleSettings) -> Double {
    min(setSeconds(settings), mostSeconds ?? .infinity)
  }

  /// What is set, however little of it is waited.
  func setSeconds(_ settings: RuleSettings) -> Double {
    guard let rule, case .seconds(let place, _) = usual.kind else { return 0 }
    return settings.patienceByRule[rule] ?? settings[keyPath: place]
  }
}

extension RuleSettings {
  /// The time that a rule declares; the common one where it asks for none.
  package func patience(for rule: RuleID) -> Double {
    guard let declared = RuleCatalog.rules.first(where: { $0.id == rule })?.patience,
      declared.rule != nil
    else { return patienceSeconds }
    return declared.seconds(self)
  }
}
