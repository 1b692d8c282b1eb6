// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// The key of what is accepted: entries with names.
extension SettingKey {
  /// Takes an entry, or says what is wrong with it.
  package typealias Reading = @Sendable (inout DaemonSettings, [String: String]) -> EntryProblem?

  /// What is wrong with an entry.
  package struct EntryProblem: Hashable, Sendable {
    /// The field that is wrong; nil: one is missing.
    package var field: String?
    package var words: String
    /// What could stand there.
    package var names: [String] = []
  }

  /// The names of an entry's fields.
  package static let fields = Acceptance.Field.allCases.map(\.rawValue)

  static func acceptances(_ path: String, _ place: Place<[Acceptance]>) -> SettingKey {
    let fields = Acceptance.Field.allCases.map { "\($0.rawValue), \($0.meaning)" }
    let words =
      "\(Acceptance.meaning). [] by default: nothing is. Each entry has "
      + fields.joined(separator: "; ") + ": " + "{" + example + "}."
    var key = SettingKey(
      path: path, expected: "entries such as [{\(example)}]", reason: wrapped(words),
      form: .entries,
      text: { settings in
        let entries = settings[keyPath: place].map { entry in
          "{" + fieldsText { entry.text($0) } + "}"
        }
        return "[" + entries.joined(separator: ", ") + "]"
      },
      set: { settings, text in
        guard let entries = parsed(text) else { return false }
        var copy = settings
        copy[keyPath: place] = []
        for entry in entries where read(entry, into: &copy, place) != nil { return false }
        settings = copy
        return true
      })
    key.read = { settings, entry in read(entry, into: &settings, place) }
    return key
  }

  private static let example = fieldsText { $0.example }

  private static func fieldsText(_ text: (Acceptance.Field) -> String) -> String {
    Acceptance.Field.allCases.map { "\($0.rawValue): \(text($0))" }.joined(separator: ", ")
  }

  /// Takes an entry, or says what is wrong with it.
  private static func read(
    _ entry: [String: String], into settings: inout DaemonSettings, _ place: Place<[Acceptance]>
  ) -> EntryProblem? {
    for field in Acceptance.Field.allCases where (entry[field.rawValue] ?? "").isEmpty {
      return EntryProblem(
        field: entry[field.rawValue] == nil ? nil : field.rawValue,
        words: "\(field.rawValue) is missing: \(field.meaning), such as \(field.example)")
    }
    func text(_ field: Acceptance.Field) -> String { entry[field.rawValue] ?? "" }
    func wrong(_ field: Acceptance.Field, _ expected: String, _ names: [String] = [])
      -> EntryProblem
    {
      EntryProblem(field: field.rawValue, words: "expected \(expected)", names: names)
    }
    guard let rule = RuleID(rawValue: text(.rule)) else {
      return wrong(.rule, "the name of a rule", RuleID.allCases.map(\.rawValue))
    }
    guard let until = CalendarDay(text(.until)) else {
      return wrong(.until, "a day such as \(Acceptance.Field.until.example)")
    }
    settings[keyPath: place].append(
      Acceptance(owner: text(.owner), rule: rule, reason: text(.reason), until: until))
    return nil
  }

  /// The entries of one line of text, as a variable or a flag has it; nil when it is none.
  private static func parsed(_ text: String) -> [[String: String]]? {
    guard text.hasPrefix("["), text.hasSuffix("]"), text.count >= 2 else { return nil }
    var entries: [[String: String]] = []
    var rest = text.dropFirst().dropLast()
    while !rest.isEmpty {
      guard rest.first == "{", let end = rest.firstIndex(of: "}"),
        let entry = fields(of: rest[rest.index(after: rest.startIndex)..<end])
      else { return nil }
      entries.append(entry)
      rest = rest[rest.index(after: end)...].drop { $0 == "," || $0 == " " }
    }
    return entries
  }

  /// `owner: a, rule: b`: a comma parts two fields where a name follows it.
  private static func fields(of text: Substring) -> [String: String]? {
    var found: [String: String] = [:]
    var last: String?
    for part in text.split(separator: ", ", omittingEmptySubsequences: false) {
      if let name = fields.first(where: { part.hasPrefix($0 + ": ") && found[$0] == nil }) {
        found[name] = String(part.dropFirst(name.count + 2))
        last = name
      } else if let last {
        found[last, default: ""] += ", " + part
      } else {
        return nil
      }
    }
    return found
  }
}
