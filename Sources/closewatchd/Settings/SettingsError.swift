// SPDX-License-Identifier: Apache-2.0

import Console
import Reporting
import Settings

/// One thing that is wrong with the settings: where, what was expected, what is there.
struct SettingsError: Error, Hashable, CustomStringConvertible {
  /// `closewatch.yaml:3:13`, `CLOSEWATCH_INTERVAL`, `--set sampling.interval=x`.
  var place: String
  /// `sampling.interval: expected a time such as 10s, found 'abc'`.
  var problem: String

  var description: String { "\(place): \(problem)" }

  /// A value that is not what the key takes.
  static func wrongValue(_ text: String?, for key: SettingKey, at place: String) -> SettingsError {
    let found = text.map { $0.isEmpty ? "nothing" : quoted($0) } ?? "nothing"
    return SettingsError(
      place: place, problem: "\(key.path): expected \(key.expected), found \(found)")
  }

  /// An entry of a list that is not what the key takes.
  ///
  /// - Parameter value: Of the field that is wrong; nil: one is missing.
  static func wrongEntry(
    _ problem: SettingKey.EntryProblem, _ value: YamlNode?, of key: SettingKey, at place: String
  ) -> SettingsError {
    let text = value?.text(as: .scalar) ?? ""
    let nearest = UsageError.nearest(to: text, in: problem.names).map { "; did you mean '\($0)'?" }
    let found = value.map { ", found \($0.words)" } ?? ""
    let field = problem.field.map { "\($0): " } ?? ""
    return SettingsError(
      place: place, problem: "\(key.path): \(field)\(problem.words)\(found)\(nearest ?? "")")
  }

  /// A key that does not exist.
  ///
  /// - Parameters:
  ///   - section: Where it stands; nil at the top level.
  ///   - names: What could stand there.
  static func unknownKey(
    _ name: String, in section: String?, names: [String], at place: String
  ) -> SettingsError {
    let nearest = UsageError.nearest(to: name, in: names).map { "; did you mean '\($0)'?" }
    let hint = nearest ?? "; there are \(names.joined(separator: ", "))"
    let prefix = section.map { "\($0): " } ?? ""
    return SettingsError(place: place, problem: "\(prefix)unknown key \(quoted(name))\(hint)")
  }

  /// Text of a file, fit for one line.
  static func quoted(_ text: String) -> String {
    let printable = UntrustedText.printable(text)
    return "'" + (printable.count > 40 ? printable.prefix(39) + "…" : printable) + "'"
  }
}

/// Everything that is wrong with the settings.
struct SettingsErrors: Error, CustomStringConvertible {
  /// In the order of the file, then environment, then flags.
  var errors: [SettingsError]
  var description: String { errors.map(\.description).joined(separator: "\n") }
}
