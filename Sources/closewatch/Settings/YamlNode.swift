// SPDX-License-Identifier: Apache-2.0

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
}
