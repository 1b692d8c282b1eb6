// SPDX-License-Identifier: Apache-2.0

/// How long a rule waits before it calls something stuck.
package struct Patience: Hashable, Sendable {
  /// Whose time it is: rules that judge the same sockets share one. nil: it asks for none.
  package let rule: RuleID?
  /// Where the kernel gives up by itself, a longer time would never see one.
  package let mostSeconds: Double?

  /// - Parameter mostSeconds: More than this is not waited, whatever is set.
  init(of rule: RuleID, atMost mostSeconds: Double? = nil) {
    self.rule = rule
    self.mostSeconds = mostSeconds
  }

  private init() {
    rule = nil
    mostSeconds = nil
  }

  /// Of a rule that has no use for a time.
  static let none = Patience()

  package func seconds(_ settings: RuleSettings) -> Double {
    guard let rule else { return 0 }
    return min(settings.patience(for: rule), mostSeconds ?? .infinity)
  }
}
