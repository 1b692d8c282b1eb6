// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Keys that are about rules by their names.
extension SettingKey {
  /// How a value is written in the file. In the environment and in flags it is the same text.
  package enum Form: Sendable {
    case scalar
    /// `[a, b]`
    case list
    /// `{a: 1, b: 2}`
    case map
    /// `[{a: 1, b: 2}, {a: 3, b: 4}]`, one entry for each line of the file.
    case entries
  }

  /// A list of rules.
  static func rules(
    _ path: String, _ place: Place<Set<RuleID>>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path, expected: "a list of rules such as [syn-recv-pileup]", reason: reason,
      form: .list,
      text: { settings in
        "[" + settings[keyPath: place].map(\.rawValue).sorted().joined(separator: ", ") + "]"
      },
      set: { settings, text in
        guard let names = items(of: text, "[", "]") else { return false }
        let rules = names.compactMap { RuleID(rawValue: $0) }
        guard rules.count == names.count else { return false }
        settings[keyPath: place] = Set(rules)
        return true
      })
  }

  /// A time for some rules.
  static func patienceByRule(_ path: String, _ reason: String) -> SettingKey {
    SettingKey(
      path: path, expected: "times by rule such as {established-idle-growth: 20m}",
      reason: reason, form: .map,
      text: { settings in
        let entries = settings.rules.patienceByRule.sorted { $0.key.rawValue < $1.key.rawValue }
        return "{"
          + entries.map { "\($0.key.rawValue): \(TimeText.text($0.value))" }
          .joined(separator: ", ") + "}"
      },
      set: { settings, text in
        guard let entries = items(of: text, "{", "}") else { return false }
        var found: [RuleID: Double] = [:]
        for entry in entries {
          let parts = entry.split(separator: ":", maxSplits: 1).map { trimmed($0) }
          guard parts.count == 2, let rule = RuleID(rawValue: parts[0]), found[rule] == nil,
            let span = TimeSpan(parts[1]), (1...86_400).contains(span.seconds)
          else { return false }
          found[rule] = span.seconds
        }
        settings.rules.patienceByRule = found
        return true
      })
  }

  /// What stands between two brackets, parted by commas; nil without the brackets.
  static func items(of text: String, _ open: String, _ close: String) -> [String]? {
    guard text.hasPrefix(open), text.hasSuffix(close), text.count >= 2 else { return nil }
    return text.dropFirst().dropLast().split(separator: ",").map { trimmed($0) }
  }

  static func trimmed(_ text: Substring) -> String {
    var rest = text.drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
