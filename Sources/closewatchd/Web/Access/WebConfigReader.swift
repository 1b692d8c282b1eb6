// SPDX-License-Identifier: Apache-2.0

import LinuxHost

/// Reads a file in the format of exporter-toolkit's `web-configuration.md`. Every mistake is found
/// in one run; a key that means nothing here is one.
struct WebConfigReader {
  private let file: String
  private var config = WebConfig()
  private var errors: [SettingsError] = []

  /// Keys of exporter-toolkit that closewatch does not have. A file that relies on them must not
  /// be taken for more than it is.
  private static let unsupported: Set<String> = [
    "cert", "key", "client_ca", "client_allowed_sans", "max_version", "cipher_suites",
    "prefer_server_cipher_suites", "curve_preferences", "rate_limit",
  ]

  /// The headers that exporter-toolkit lets be set.
  private static let headerNames = [
    "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
    "X-Frame-Options", "X-XSS-Protection",
  ]

  private init(file: String) { self.file = file }

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
  static func read(_ bytes: [UInt8], file: String) throws(SettingsErrors) -> WebConfig {
    var reader = WebConfigReader(file: file)
    do throws(SettingsError) {
      if let root = try YamlParser.parse(bytes, file: file) { reader.takeIn(root) }
    } catch {
      reader.errors.append(error)
    }
    if !reader.errors.isEmpty { throw SettingsErrors(errors: reader.errors) }
    return reader.config
  }

  private mutating func takeIn(_ root: YamlNode) {
    let names = ["tls_server_config", "http_server_config", "basic_auth_users"]
    for entry in entries(root, of: "the file") {
      switch entry.key {
      case "tls_server_config": takeInTLS(entry)
      case "http_server_config": takeInHTTP(entry)
      case "basic_auth_users": takeInUsers(entry)
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
        guard case .scalar(let value) = entry.value.kind, value == "false" else {
          note(entry.value.mark, "http_server_config: http2: closewatch speaks HTTP/1.1; say false")
          continue
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
    guard let value = text(of: header, in: "headers") else { return }
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
      note(header.value.mark, "headers: \(name): expected one line of ASCII")
      return
    }
    config.headers.append((name, value))
  }

  private mutating func takeInTLS(_ section: YamlNode.Entry) {
    #if TLS
      readTLS(section)
    #else
      note(
        section.keyMark,
        "tls_server_config: this closewatch was built without TLS; take the package, or build it "
          + "with --traits TLS")
    #endif
  }

  private mutating func readTLS(_ section: YamlNode.Entry) {
    let names = ["cert_file", "key_file", "client_auth_type", "client_ca_file", "min_version"]
    var settings = TLSSettings(certificateFile: "", keyFile: "")
    for entry in entries(section.value, of: section.key) {
      guard names.contains(entry.key) else {
        refuse(entry, in: section.key, names)
        continue
      }
      guard let value = text(of: entry, in: section.key) else { continue }
      switch entry.key {
      case "cert_file": settings.certificateFile = path(value)
      case "key_file": settings.keyFile = path(value)
      case "client_ca_file": settings.clientCAFile = path(value)
      case "client_auth_type":
        settings.clientAuth = choice(value, of: entry) ?? settings.clientAuth
      default: settings.leastVersion = choice(value, of: entry) ?? settings.leastVersion
      }
    }
    if settings.certificateFile.isEmpty || settings.keyFile.isEmpty {
      note(section.keyMark, "tls_server_config: cert_file and key_file are both needed")
    }
    if settings.clientAuth != .none, settings.clientCAFile == nil {
      note(section.keyMark, "tls_server_config: client_auth_type needs a client_ca_file")
    }
    if settings.clientAuth == .none, settings.clientCAFile != nil {
      note(section.keyMark, "tls_server_config: client_ca_file needs a client_auth_type")
    }
    config.tls = settings
  }

  private mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ value: String, of entry: YamlNode.Entry
  ) -> Choice? where Choice.RawValue == String {
    if let found = Choice(rawValue: value) { return found }
    let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    note(
      entry.value.mark, "\(entry.key): expected one of \(all), found \(SettingsError.quoted(value))"
    )
    return nil
  }

  /// Relative to the folder of the file, as exporter-toolkit has it.
  private func path(_ text: String) -> String {
    guard !text.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return text }
    return file[...slash] + text
  }

  private mutating func text(of entry: YamlNode.Entry, in section: String) -> String? {
    if case .scalar(let text) = entry.value.kind { return text }
    note(entry.value.mark, "\(section): \(entry.key): expected text, found \(entry.value.words)")
    return nil
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

  private mutating func refuse(_ entry: YamlNode.Entry, in section: String?, _ names: [String]) {
    guard !Self.unsupported.contains(entry.key) else {
      note(entry.keyMark, "'\(entry.key)' is not supported by closewatch; take it out")
      return
    }
    errors.append(
      .unknownKey(entry.key, in: section, names: names, at: place(entry.keyMark)))
  }

  private mutating func note(_ mark: YamlNode.Mark, _ problem: String) {
    errors.append(SettingsError(place: place(mark), problem: problem))
  }

  private func place(_ mark: YamlNode.Mark) -> String { "\(file):\(mark.line):\(mark.column)" }
}
