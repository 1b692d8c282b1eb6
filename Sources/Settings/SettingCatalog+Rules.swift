// SPDX-License-Identifier: Apache-2.0

import Diagnosis

extension SettingCatalog {
  /// Every threshold, and after the times those keys that are about rules by their names.
  static let rules: [SettingKey] =
    times.map(SettingKey.threshold) + byName
    + Threshold.all.dropFirst(times.count).map(SettingKey.threshold)

  private static let times = Threshold.all.prefix(2)

  private static let byName: [SettingKey] = [
    .patienceByRule("rules.patience-by-rule", SettingKey.wrapped(patienceByRule)),
    .rules(
      "rules.disabled", \.rules.disabledRules,
      """
      Rules that are switched off: [syn-recv-pileup, orphan-pressure]. [] by default: tune the
      threshold rather than disable the rule.
      """),
    .acceptances("rules.accept", \.rules.accepted),
  ]

  /// Which rules have a time of another kind, and which one that of another rule, they declare.
  private static let patienceByRule: String = {
    let times = RuleCatalog.rules.compactMap { rule in
      rule.patience.rule.map { (id: rule.id, owner: $0, kind: rule.patience.usual.name) }
    }
    let others = times.filter { $0.id == $0.owner && $0.kind != Threshold.patience.name }
      .map { ", or another \($0.kind) time for \($0.id.rawValue)" }
    let shared = times.filter { $0.id != $0.owner }.map {
      " \($0.id.rawValue) has that of \($0.owner.rawValue): both judge the same sockets."
    }
    return "Another patience for single rules" + others.joined()
      + ": {fin-wait-2-owned: 20m}. {} by default: all share those of the file." + shared.joined()
  }()
}

extension SettingKey {
  /// The key of a threshold: what it decides, then its default with the reason.
  static func threshold(_ threshold: Threshold) -> SettingKey {
    let path = "rules.\(threshold.name)"
    let key =
      switch threshold.kind {
      case .seconds(let place, let range):
        time(path, Access(place), from: range.lowerBound, to: range.upperBound, "")
      case .count(let place, let range): count(path, Access(place), range, "")
      case .share(let place): share(path, Access(place), "")
      }
    let standard = key.text(DaemonSettings())
    var words = "\(threshold.meaning). \(standard): \(threshold.reason)."
    if let note = threshold.note { words += " " + note }
    return key.explained(wrapped(words))
  }

  /// Lines that keep to the width of the settings file.
  static func wrapped(_ words: String) -> String {
    var lines: [String] = []
    for word in words.split(separator: " ") {
      if let last = lines.last, last.utf8.count + word.utf8.count < 94 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }
}

extension SettingKey.Access {
  /// A value of the rules' settings.
  fileprivate init(_ place: Threshold.Place<Value>) {
    self.init(
      get: { $0.rules[keyPath: place] }, set: { $0.rules[keyPath: place] = $1 })
  }
}
