// SPDX-License-Identifier: Apache-2.0

/// The section `tls_server_config`.
extension WebConfigReader {
  private static let names = [
    "cert_file", "key_file", "client_ca_file", "cert", "key", "client_ca", "client_auth_type",
    "client_allowed_sans", "min_version", "max_version", "cipher_suites", "curve_preferences",
    "prefer_server_cipher_suites",
  ]
  /// Without any of them there is no TLS; one that is blank counts as not there.
  static let decisiveNames = [
    "cert_file", "key_file", "client_ca_file", "cert", "key", "client_ca", "client_auth_type",
  ]

  func isBlank(_ entry: YamlNode.Entry) -> Bool {
    Self.decisiveNames.contains(entry.key)
      && (entry.value.kind == .empty || entry.value.kind == .scalar(""))
  }

  mutating func refuseUnknownTLS(_ entry: YamlNode.Entry, in section: YamlNode.Entry) {
    if !Self.names.contains(entry.key) { refuse(entry, in: section.key, Self.names) }
  }

  /// - Parameter entries: Those of the section that are not blank; at least one.
  /// - Returns: nil when it is not usable; why was noted.
  mutating func readTLS(_ entries: [YamlNode.Entry], of section: YamlNode.Entry) -> TLSSettings? {
    let certificate = source("cert", entries, section)
    let key = source("key", entries, section)
    if certificate == nil || key == nil {
      note(section.keyMark, "tls_server_config: cert_file and key_file are both needed")
    }
    let missing = TLSSettings.Source.file("")
    var settings = TLSSettings(certificate: certificate ?? missing, key: key ?? missing)
    settings.clientAuthorities = source("client_ca", entries, section)
    for entry in entries {
      switch entry.key {
      case "cipher_suites", "curve_preferences", "client_allowed_sans":
        takeIn(list: entry, of: section.key, &settings)
      case "prefer_server_cipher_suites":
        if truth(of: entry, in: section.key) == true {
          remark(
            entry,
            "tls_server_config: prefer_server_cipher_suites: true, but the client's order counts, "
              + "as in exporters that are built with Go 1.17 or newer")
        }
      case "min_version", "max_version", "client_auth_type":
        takeIn(word: entry, of: section.key, &settings)
      default: refuseUnknownTLS(entry, in: section)
      }
    }
    checkClients(settings, section)
    checkVersions(&settings, entries, section)
    return settings
  }

  /// PEM text: `NAME_file` names its file, `NAME` has it.
  private mutating func source(
    _ name: String, _ entries: [YamlNode.Entry], _ section: YamlNode.Entry
  ) -> TLSSettings.Source? {
    let file = entries.first { $0.key == "\(name)_file" }
    let inline = entries.first { $0.key == name }
    if file != nil, let inline {
      note(
        inline.keyMark,
        "tls_server_config: \(name): \(name)_file is there too; take one of the two out")
    }
    if let file, let text = text(of: file, in: section.key) {
      return .file(path(text))
    }
    if let inline, let text = text(of: inline, in: section.key) {
      return .text(text, place: "\(place(inline.keyMark)): tls_server_config: \(name)")
    }
    return nil
  }

  private mutating func takeIn(
    word entry: YamlNode.Entry, of section: String, _ settings: inout TLSSettings
  ) {
    guard let word = text(of: entry, in: section) else { return }
    let mark = entry.value.mark
    switch entry.key {
    case "min_version":
      settings.leastVersion = choice(word, at: mark, of: entry) ?? settings.leastVersion
    case "max_version":
      settings.mostVersion = choice(word, at: mark, of: entry) ?? settings.mostVersion
    // What exporter-toolkit called it first, and still takes.
    case _ where word == "RequireClientCert": settings.clientAuth = .requireAny
    default: settings.clientAuth = choice(word, at: mark, of: entry) ?? settings.clientAuth
    }
  }

  private mutating func takeIn(
    list entry: YamlNode.Entry, of section: String, _ settings: inout TLSSettings
  ) {
    guard let words = texts(of: entry, in: section) else { return }
    if entry.key == "client_allowed_sans" {
      if words.isEmpty {
        note(
          entry.keyMark,
          "tls_server_config: client_allowed_sans: an empty list lets nobody in; name who may come "
            + "in, or take it out")
      }
      settings.clientNames = Set(words.map(\.text))
      return
    }
    // Empty: the usual ones.
    if words.isEmpty { return }
    if entry.key == "cipher_suites" {
      let suites: [CipherSuite] = words.compactMap { choice($0.text, at: $0.mark, of: entry) }
      if suites.count == words.count { settings.cipherSuites = suites }
    } else {
      let curves: [TLSSettings.Curve] = words.compactMap {
        choice($0.text, at: $0.mark, of: entry)
      }
      if curves.count == words.count { settings.curves = curves }
    }
  }

  private mutating func checkClients(_ settings: TLSSettings, _ section: YamlNode.Entry) {
    if settings.clientAuth.verifies, settings.clientAuthorities == nil {
      note(
        section.keyMark,
        "tls_server_config: client_auth_type \(settings.clientAuth.rawValue) needs a "
          + "client_ca_file: the authority that signs the certificates of clients")
    }
    if settings.clientAuth == .none, settings.clientAuthorities != nil {
      note(
        section.keyMark,
        "tls_server_config: client_ca_file needs a client_auth_type; say "
          + "RequireAndVerifyClientCert")
    }
    if settings.clientNames != nil, !settings.clientAuth.isRequired {
      note(
        section.keyMark,
        "tls_server_config: client_allowed_sans needs a client_auth_type that requires a "
          + "certificate; say RequireAndVerifyClientCert")
    }
  }

  /// Each version that is allowed must have a suite, and there must be one.
  private mutating func checkVersions(
    _ settings: inout TLSSettings, _ entries: [YamlNode.Entry], _ section: YamlNode.Entry
  ) {
    let mark = { (key: String) in
      entries.first { $0.key == key }?.value.mark ?? section.keyMark
    }
    guard settings.leastVersion <= settings.mostVersion else {
      note(
        mark("max_version"),
        "tls_server_config: max_version \(settings.mostVersion.rawValue) is less than min_version "
          + "\(settings.leastVersion.rawValue); there is no version between them")
      return
    }
    let suites = settings.cipherSuites
    let served = TLSSettings.Version.allCases.filter { version in
      (settings.leastVersion...settings.mostVersion).contains(version)
        // The suites of TLS 1.3 are all as they should be, and not chosen.
        && (version == .tls13 || suites.contains { $0.versions.contains(version) })
    }
    guard let least = served.first else {
      note(
        mark(settings.mostVersion < .tls12 ? "max_version" : "cipher_suites"),
        "tls_server_config: none of cipher_suites is for \(settings.mostVersion.rawValue); "
          + (settings.mostVersion < .tls12
            ? "name TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, or take max_version out"
            : "name one of TLS 1.2, or take max_version out"))
      return
    }
    if least > settings.leastVersion, let entry = entries.first(where: { $0.key == "min_version" })
    {
      remark(
        entry,
        "tls_server_config: min_version: \(settings.leastVersion.rawValue), but none of the "
          + "cipher suites is for it: \(least.rawValue) is the least")
    }
    settings.leastVersion = least
  }
}
