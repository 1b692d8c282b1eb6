// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxHost
import Settings

/// Reads a file in the format of exporter-toolkit's `web-configuration.md`. Every mistake is found
/// in one run; a key that means nothing here is one.
struct WebConfigReader {
  private let file: String
  private var config = WebConfig()
  private var errors: [SettingsError] = []

  /// The headers that exporter-toolkit lets be set.
  private static let headerNames = [
    "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
    "X-Frame-Options", "X-XSS-Protection",
  ]
  /// Those of them that have one of a few values.
  private static let headerValues = [
    "X-Content-Type-Options": ["nosniff"], "X-Frame-Options": ["deny", "sameorigin"],
  ]
  /// Requests in the bucket of `rate_limit`: more are no limit.
  private static let burstMost = 1_000_000

  /// Whether this program can speak TLS.
  private let hasTLS: Bool

  private init(file: String, hasTLS: Bool) {
    self.file = file
    self.hasTLS = hasTLS
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: ``SettingsErrors``, never without one.
  static func read(path: String) throws(SettingsErrors) -> WebConfig {
    let bytes: [UInt8]
    do throws(SystemCallError) {
      bytes = try readFile(path, limit: YamlParser.largest + 1)
    } catch {
      throw SettingsErrors(errors: [
        SettingsError(place: path, problem: "\(error.call): \(error.reason)")
      ])
    }
    return try read(bytes, file: path)
  }

  /// The same for text that is already there.
  static func read(
    _ bytes: [UInt8], file: String, hasTLS: Bool = WebTLS.isBuilt
  ) throws(SettingsErrors) -> WebConfig {
    var reader = WebConfigReader(file: file, hasTLS: hasTLS)
    do throws(SettingsError) {
      if let root = try YamlParser.parse(bytes, file: file) { reader.takeIn(root) }
    } catch {
      reader.errors.append(error)
    }
    if !reader.errors.isEmpty { throw SettingsErrors(errors: reader.errors) }
    return reader.config
  }

  private mutating func takeIn(_ root: YamlNode) {
    let names = ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"]
    for entry in entries(root, of: "the file") {
      switch entry.key {
      case "tls_server_config": takeInTLS(entry)
      case "http_server_config": takeInHTTP(entry)
      case "basic_auth_users": takeInUsers(entry)
      case "rate_limit": takeInRateLimit(entry)
      default: refuse(entry, in: nil, names)
      }
    }
  }

  private mutating func takeInUsers(_ section: YamlNode.Entry) {
    for entry in entries(section.value, of: section.key) {
      guard case .scalar(let hash) = entry.value.kind, PasswordHash.isBcrypt(hash) else {
        // The value may be the password itself: it is not repeated.
        note(
          entry.value.mark,
          "basic_auth_users: the value of \(SettingsError.quoted(entry.key)) must be a bcrypt "
            + "hash ($2y$...), as `htpasswd -nB` writes it")
        continue
      }
      config.users[entry.key] = hash
    }
  }

  private mutating func takeInHTTP(_ section: YamlNode.Entry) {
    for entry in entries(section.value, of: section.key) {
      switch entry.key {
      case "http2":
        if truth(of: entry, in: section.key) == true {
          remark(entry, "http_server_config: http2: true, but HTTP/1.1 is served")
        }
      case "headers":
        for header in entries(entry.value, of: "headers") { takeIn(header: header) }
      default: refuse(entry, in: section.key, ["headers", "http2"])
      }
    }
  }

  private mutating func takeIn(header: YamlNode.Entry) {
    guard let name = Self.headerNames.first(where: { $0.lowercased() == header.key.lowercased() })
    else {
      refuse(header, in: "headers", Self.headerNames)
      return
    }
    // As exporter-toolkit has it: not set if blank.
    if case .empty = header.value.kind { return }
    guard let value = text(of: header, in: "headers"), !value.isEmpty else { return }
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
      note(header.value.mark, "headers: \(name): expected one line of ASCII")
      return
    }
    if let values = Self.headerValues[name], !values.contains(value.lowercased()) {
      note(
        header.value.mark,
        "headers: \(name): expected \(values.joined(separator: " or ")), found "
          + SettingsError.quoted(value))
      return
    }
    config.headers.append((name, value))
  }

  private mutating func takeInRateLimit(_ section: YamlNode.Entry) {
    var interval: Double?
    var burst: Int?
    let entries = entries(section.value, of: section.key)
    for entry in entries {
      switch entry.key {
      case "interval": interval = span(of: entry, in: section.key)
      case "burst":
        guard let text = text(of: entry, in: section.key) else { continue }
        burst = Int(text).flatMap { (1...Self.burstMost).contains($0) ? $0 : nil }
        if burst == nil {
          note(
            entry.value.mark,
            "rate_limit: burst: expected a number of requests from 1 to \(Self.burstMost), found "
              + SettingsError.quoted(text))
        }
      default: refuse(entry, in: section.key, ["interval", "burst"])
      }
    }
    // 0 turns it off.
    guard let interval, interval > 0 else { return }
    if let burst {
      config.rateLimit = RateLimit(intervalSeconds: interval, burst: burst)
    } else if !entries.contains(where: { $0.key == "burst" }) {
      note(section.keyMark, "rate_limit: burst is needed too; without it no request is answered")
    }
  }

  /// A time as Go reads it: `1s`, `100ms`, or a bare number of nanoseconds.
  private mutating func span(of entry: YamlNode.Entry, in section: String) -> Double? {
    guard let text = text(of: entry, in: section) else { return nil }
    if let nanoseconds = UInt64(text) { return Double(nanoseconds) / 1e9 }
    for (unit, share) in [("ns", 1e9), ("us", 1e6), ("µs", 1e6)] where text.hasSuffix(unit) {
      if let number = Double(text.dropLast(unit.count)), number >= 0 { return number / share }
    }
    if let span = TimeSpan(text), !text.contains("d"), !text.contains("min") { return span.seconds }
    note(
      entry.value.mark,
      "\(section): \(entry.key): expected a time such as 1s or 100ms, found "
        + SettingsError.quoted(text))
    return nil
  }

  private mutating func takeInTLS(_ section: YamlNode.Entry) {
    let entries = entries(section.value, of: section.key).filter { !isBlank($0) }
    // As exporter-toolkit has it: no certificate, key, authority or kind of one, no TLS.
    guard entries.contains(where: { Self.decisiveNames.contains($0.key) }) else {
      for entry in entries { refuseUnknownTLS(entry, in: section) }
      if !entries.isEmpty {
        remark(section, "tls_server_config: no cert_file and no key_file: there is no TLS")
      }
      return
    }
    guard hasTLS else {
      note(
        section.keyMark,
        "tls_server_config: this closewatch was built without TLS; use the package, or build it "
          + "with --traits TLS")
      return
    }
    config.tls = readTLS(entries, of: section)
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ value: String, at mark: YamlNode.Mark, of entry: YamlNode.Entry
  ) -> Choice? where Choice.RawValue == String {
    if let found = Choice(rawValue: value) { return found }
    let names = Choice.allCases.map(\.rawValue)
    let hint = UsageError.nearest(to: value, in: names).map { "; did you mean '\($0)'?" } ?? ""
    note(
      mark,
      "tls_server_config: \(entry.key): expected one of \(names.joined(separator: ", ")), found "
        + SettingsError.quoted(value) + hint)
    return nil
  }

  /// Relative to the folder of the file, as exporter-toolkit has it.
  func path(_ text: String) -> String {
    guard !text.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return text }
    return file[...slash] + text
  }

  mutating func text(of entry: YamlNode.Entry, in section: String) -> String? {
    if case .scalar(let text) = entry.value.kind { return text }
    note(entry.value.mark, "\(section): \(entry.key): expected text, found \(entry.value.words)")
    return nil
  }

  /// The words that YAML 1.1 has for true and false, as exporter-toolkit reads them.
  mutating func truth(of entry: YamlNode.Entry, in section: String) -> Bool? {
    guard let text = text(of: entry, in: section) else { return nil }
    switch text.lowercased() {
    case "true", "yes", "on", "y": return true
    case "false", "no", "off", "n": return false
    default:
      note(
        entry.value.mark,
        "\(section): \(entry.key): expected true or false, found \(SettingsError.quoted(text))")
      return nil
    }
  }

  /// Text, or a list of it: each with its place.
  mutating func texts(
    of entry: YamlNode.Entry, in section: String
  ) -> [(text: String, mark: YamlNode.Mark)]? {
    switch entry.value.kind {
    case .empty: return []
    case .list(let items):
      let texts = items.compactMap { item in
        if case .scalar(let text) = item.kind { return (text: text, mark: item.mark) }
        note(item.mark, "\(section): \(entry.key): expected text, found \(item.words)")
        return nil
      }
      return texts.count == items.count ? texts : nil
    default:
      note(
        entry.value.mark,
        "\(section): \(entry.key): expected a list such as [a, b], found \(entry.value.words)")
      return nil
    }
  }

  /// The entries of a map; a key that comes twice is refused.
  private mutating func entries(_ node: YamlNode, of name: String) -> [YamlNode.Entry] {
    switch node.kind {
    case .empty: return []
    case .map(let entries):
      var seen: Set<String> = []
      return entries.filter { entry in
        if seen.insert(entry.key).inserted { return true }
        note(entry.keyMark, "\(name): \(SettingsError.quoted(entry.key)) is there twice")
        return false
      }
    default:
      note(node.mark, "\(name): expected a map, found \(node.words)")
      return []
    }
  }

  mutating func refuse(_ entry: YamlNode.Entry, in section: String?, _ names: [String]) {
    errors.append(
      .unknownKey(entry.key, in: section, names: names, at: place(entry.keyMark)))
  }

  /// Says once, at the start, what is taken and has another effect here.
  mutating func remark(_ entry: YamlNode.Entry, _ words: String) {
    config.remarks.append("\(place(entry.keyMark)): \(words)")
  }

  mutating func note(_ mark: YamlNode.Mark, _ problem: String) {
    errors.append(SettingsError(place: place(mark), problem: problem))
  }

  func place(_ mark: YamlNode.Mark) -> String { "\(file):\(mark.line):\(mark.column)" }
}
