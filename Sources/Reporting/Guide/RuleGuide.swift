// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// The words of a rule: what a finding means, what to do, and what does not help. Written once, in
/// one file for each rule, and used wherever words are needed.
package protocol RuleGuide: Rule {
  /// What the rule is about, before any of its causes: one line of at most 50 characters, without
  /// a full stop.
  static var summary: String { get }
  /// What else people call what it is about, for `explain`: in lower case, with dashes.
  static var otherNames: [String] { get }
  static var messageIDs: MessageIDs { get }
  /// The settings of the kernel that belong to it, by the names of ``SysctlGuide``.
  static var sysctls: [String] { get }

  /// The guide, with its placeholders.
  ///
  /// - Parameter subject: Its cause is one of ``Diagnosis/Rule/causes``.
  static func text(_ subject: GuideSubject) -> GuideText
}

extension RuleGuide {
  package static var otherNames: [String] { [] }
}

extension RuleList where repeat each Member: RuleGuide {
  /// Does not compile while a rule has no guide.
  fileprivate var guides: [any RuleGuide.Type] {
    var found: [any RuleGuide.Type] = []
    repeat found.append((each Member).self)
    return found
  }
}

/// The guides by the names of their rules.
private let guides = Dictionary(
  RuleCatalog.list.guides.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

extension RuleID {
  /// The rule's facts and its words.
  package var guide: any RuleGuide.Type {
    guard let guide = guides[self] else { preconditionFailure("no rule is called \(self)") }
    return guide
  }

  /// The text about one subject, with its placeholders.
  ///
  /// A cause that the rule does not declare gets the text of its first: the reporter must not fall
  /// silent because a rule has learnt to tell more apart.
  package func guide(to subject: GuideSubject) -> GuideText {
    var known = subject
    if !guide.causes.contains(subject.cause) { known.cause = guide.causes[0] }
    var text = guide.text(known)
    if subject.isMPTCP { text = text.forMPTCP }
    text.isUrgent = subject.isUrgent
    return text
  }
}

extension Finding {
  /// What to tell about it, with its placeholders.
  package var guide: GuideText {
    var text = rule.guide(to: GuideSubject(self))
    if root?.kind == .stoppedBySignal, root?.place == nil {
      let isUrgent = text.isUrgent
      text = text.ofStopped(isAside: text.rescue.contains(GuideStep.balancer))
      text.isUrgent = isUrgent
    }
    let steps = (becauseOf == nil ? [] : [GuideStep.consequence]) + rootSteps
    if text.isUrgent {
      // A fresh start of what only waits saves nothing: what it waits for comes before it. To look
      // closer at that takes time.
      let isAside = text.rescue.first == GuideStep.balancer
      text.rescue.insert(contentsOf: steps.prefix(1), at: isAside ? 1 : 0)
      text.look.insert(contentsOf: steps.dropFirst(), at: 0)
    } else {
      text.look.insert(contentsOf: steps, at: 0)
    }
    return text
  }
}
