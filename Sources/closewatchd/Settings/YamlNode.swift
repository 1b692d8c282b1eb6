// SPDX-License-Identifier: Apache-2.0

import Settings

/// A value of a YAML file, with the place it has.
struct YamlNode: Hashable {
  /// A place as editors count: both from 1.
  struct Mark: Hashable {
    var line: Int
    var column: Int
  }

  /// One key of a map and its value.
  struct Entry: Hashable {
    var key: String
    var keyMark: Mark
    var value: YamlNode
  }

  enum Kind: Hashable {
    /// Nothing, or a plain `~` or `null`.
    case empty
    case scalar(String)
    case map([Entry])
    case list([YamlNode])
  }

  var mark: Mark
  var kind: Kind

  /// What it is, for an error.
  var words: String {
    switch kind {
    case .empty: "nothing"
    case .scalar(let text): SettingsError.quoted(text)
    case .map: "a map"
    case .list: "a list"
    }
  }

  /// One line of text in the form that a key takes, as the environment and flags write it too;
  /// nil when it has another form.
  func text(as form: SettingKey.Form) -> String? {
    switch (form, kind) {
    case (.scalar, .scalar(let text)): return text
    case (.list, .list(let items)):
      let texts = items.compactMap(\.scalar)
      return texts.count == items.count ? "[" + texts.joined(separator: ", ") + "]" : nil
    case (.map, .map(let entries)):
      let texts = entries.compactMap { entry in
        entry.value.scalar.map { "\(entry.key): \($0)" }
      }
      return texts.count == entries.count ? "{" + texts.joined(separator: ", ") + "}" : nil
    // Each field has a place of its own: the reader takes them one by one.
    case (.entries, _): return nil
    default: return nil
    }
  }

  /// Its text, if it is one.
  private var scalar: String? {
    if case .scalar(let text) = kind { return text }
    return nil
  }
}
