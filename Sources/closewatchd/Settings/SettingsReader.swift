// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import LinuxHost
import Reporting
import Settings

/// Reads settings: the file, then the environment, then flags; each overrides what was before.
/// Every mistake is found in one run.
struct SettingsReader {
  private var settings = DaemonSettings()
  private var errors: [SettingsError] = []
  /// Where each key was last set, for errors that two keys make together.
  private var places: [String: String] = [:]

  /// - Parameters:
  ///   - path: The file; nil: none is read.
  ///   - environment: `NAME=value` as environ(7) has it. Names that are no setting are left alone:
  ///     Kubernetes makes some for a service that is called closewatch.
  ///   - flags: `section.key=value`.
  /// - Throws: ``SettingsErrors``, never without one.
  static func read(
    path: String?, environment: [String] = [], flags: [String] = []
  ) throws(SettingsErrors) -> DaemonSettings {
    var reader = SettingsReader()
    if let path { reader.takeIn(fileAt: path) }
    for variable in environment { reader.takeIn(variable: variable) }
    for flag in flags { reader.takeIn(flag: flag) }
    reader.checkTogether()
    if !reader.errors.isEmpty { throw SettingsErrors(errors: reader.errors) }
    return reader.settings
  }

  /// The same for text that is already there.
  static func read(_ text: String, file: String) throws(SettingsErrors) -> DaemonSettings {
    var reader = SettingsReader()
    reader.takeIn(Array(text.utf8), file: file)
    reader.checkTogether()
    if !reader.errors.isEmpty { throw SettingsErrors(errors: reader.errors) }
    return reader.settings
  }

  private mutating func takeIn(fileAt path: String) {
    do throws(SystemCallError) {
      takeIn(try readFile(path, limit: YamlParser.largest + 1), file: path)
    } catch {
      errors.append(SettingsError(place: path, problem: "\(error.call): \(error.reason)"))
    }
  }

  private mutating func takeIn(_ bytes: [UInt8], file: String) {
    do throws(SettingsError) {
      guard let root = try YamlParser.parse(bytes, file: file) else { return }
      takeIn(root, file: file)
    } catch {
      errors.append(error)
    }
  }

  private mutating func takeIn(_ root: YamlNode, file: String) {
    let names = SettingCatalog.sections.map(\.name)
    for entry in map(root, of: "the file", file: file) {
      let place = Self.place(entry.keyMark, file)
      guard let section = SettingCatalog.sections.first(where: { $0.name == entry.key }) else {
        errors.append(.unknownKey(entry.key, in: nil, names: names, at: place))
        continue
      }
      for inner in map(entry.value, of: section.name, file: file) {
        takeIn(inner, of: section, file: file)
      }
    }
  }

  private mutating func takeIn(
    _ entry: YamlNode.Entry, of section: SettingCatalog.Section, file: String
  ) {
    guard let key = section.keys.first(where: { $0.name == entry.key }) else {
      errors.append(
        .unknownKey(
          entry.key, in: section.name, names: section.keys.map(\.name),
          at: Self.place(entry.keyMark, file)))
      return
    }
    if key.form == .entries { return takeIn(entriesOf: key, entry.value, file: file) }
    let place = Self.place(entry.value.mark, file)
    guard let text = entry.value.text(as: key.form) else {
      errors.append(
        SettingsError(
          place: place,
          problem: "\(key.path): expected \(key.expected), found \(entry.value.words)"))
      return
    }
    set(key, to: text, at: place)
  }

  /// A list of maps: each field has its own place.
  private mutating func takeIn(entriesOf key: SettingKey, _ node: YamlNode, file: String) {
    guard case .list(let items) = node.kind, key.set(&settings, "[]") else {
      errors.append(
        SettingsError(
          place: Self.place(node.mark, file),
          problem: "\(key.path): expected \(key.expected), found \(node.words)"))
      return
    }
    for item in items {
      let mistakes = errors.count
      let fields = map(item, of: key.path, file: file)
      for field in fields where !SettingKey.fields.contains(field.key) {
        errors.append(
          .unknownKey(
            field.key, in: key.path, names: SettingKey.fields,
            at: Self.place(field.keyMark, file)))
      }
      guard errors.count == mistakes else { continue }
      let texts = fields.map { ($0.key, $0.value.text(as: .scalar) ?? "") }
      let entry = Dictionary(texts, uniquingKeysWith: { first, _ in first })
      guard let problem = key.read?(&settings, entry) else { continue }
      let value = fields.first { $0.key == problem.field }?.value
      errors.append(
        .wrongEntry(problem, value, of: key, at: Self.place((value ?? item).mark, file)))
    }
  }

  /// The entries of a map, each key once.
  private mutating func map(
    _ node: YamlNode, of subject: String, file: String
  ) -> [YamlNode.Entry] {
    if case .empty = node.kind { return [] }
    guard case .map(let entries) = node.kind else {
      errors.append(
        SettingsError(
          place: Self.place(node.mark, file),
          problem: "\(subject): expected keys with values, found \(node.words)"))
      return []
    }
    var first: [String: YamlNode.Mark] = [:]
    return entries.filter { entry in
      guard let earlier = first[entry.key] else {
        first[entry.key] = entry.keyMark
        return true
      }
      errors.append(
        SettingsError(
          place: Self.place(entry.keyMark, file),
          problem: "\(subject): \(SettingsError.quoted(entry.key)) is set twice,"
            + " first in line \(earlier.line)"))
      return false
    }
  }

  private mutating func takeIn(variable: String) {
    guard let equals = variable.firstIndex(of: "=") else { return }
    let name = variable[..<equals]
    guard let key = SettingCatalog.keys.first(where: { $0.variable == name }) else { return }
    set(key, to: String(variable[variable.index(after: equals)...]), at: key.variable)
  }

  private mutating func takeIn(flag: String) {
    let place = "--set \(UntrustedText.printable(flag))"
    guard let equals = flag.firstIndex(of: "=") else {
      errors.append(
        SettingsError(place: place, problem: "expected KEY=VALUE, such as sampling.interval=10s"))
      return
    }
    let path = String(flag[..<equals])
    guard let key = SettingCatalog.keys.first(where: { $0.path == path }) else {
      let names = SettingCatalog.keys.map(\.path)
      let nearest = UsageError.nearest(to: path, in: names).map { "; did you mean '\($0)'?" }
      errors.append(
        SettingsError(
          place: place, problem: "unknown key \(SettingsError.quoted(path))\(nearest ?? "")"))
      return
    }
    set(key, to: String(flag[flag.index(after: equals)...]), at: place)
  }

  private mutating func set(_ key: SettingKey, to text: String, at place: String) {
    if key.set(&settings, text) {
      places[key.path] = place
    } else {
      errors.append(.wrongValue(text, for: key, at: place))
    }
  }

  /// What is right alone and wrong together.
  private mutating func checkTogether() {
    let sampling = settings.sampling
    require(
      sampling.fullInterval >= sampling.interval, "sampling.full-interval", "sampling.interval",
      "must not be shorter than")
    require(
      settings.rules.portShareCritical >= settings.rules.portShareWarning,
      "rules.port-share-critical", "rules.port-share-warning", "must not be below")
    require(
      settings.rules.noticeHorizonSeconds >= settings.rules.criticalHorizonSeconds,
      "rules.notice-horizon", "rules.critical-horizon", "must not be shorter than")
    checkPushes()
  }

  /// What only this build and the files that are named can tell.
  private mutating func checkPushes() {
    for mistake in CollectorFiles.mistakes(of: settings.otlp) {
      let place = places[mistake.key] ?? places["otlp.endpoint"] ?? mistake.key
      errors.append(SettingsError(place: place, problem: "\(mistake.key): \(mistake.problem)"))
    }
  }

  private mutating func require(
    _ isTrue: Bool, _ path: String, _ other: String, _ relation: String
  ) {
    guard !isTrue, let place = places[path] ?? places[other] else { return }
    let value = { [settings] path in
      SettingCatalog.keys.first { $0.path == path }?.text(settings) ?? ""
    }
    errors.append(
      SettingsError(
        place: place,
        problem: "\(path) (\(value(path))) \(relation) \(other) (\(value(other)))"))
  }

  private static func place(_ mark: YamlNode.Mark, _ file: String) -> String {
    "\(file):\(mark.line):\(mark.column)"
  }
}
