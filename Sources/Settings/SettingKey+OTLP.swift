// SPDX-License-Identifier: Apache-2.0

/// What is pushed, and where to.
extension SettingCatalog {
  static let otlpSection = "otlp"

  static let otlp: [SettingKey] = [
    .collector(
      "otlp.endpoint", \.otlp.endpoint,
      """
      The collector that receives what /metrics shows, over OTLP/HTTP in protobuf, such as
      http://127.0.0.1:4318; /v1/metrics is appended. "" by default: nothing leaves the host.
      https needs a closewatch that was built with TLS, as the packages are.
      """),
    .file(
      "otlp.headers-file", \.otlp.headersFile,
      """
      A file with headers for each request, such as a token: one 'Name: value' per line. It is
      read before each push, so it may change, and the group closewatch must be able to read it.
      "" by default: no headers. Over plain http anyone on the path can read them.
      """),
    .file(
      "otlp.ca-file", \.otlp.authoritiesFile,
      """
      A file of PEM certificates: the authorities that may have signed the certificate of an
      https collector. "" by default: those that the system trusts.
      """),
    .time(
      "otlp.interval", \.otlp.interval, from: 1, to: 3600,
      """
      Time between two pushes. 1m: OpenTelemetry's own default. After a failure the next one comes
      with newer numbers after 1 s, 2 s, 4 s and so on, up to a minute or this time if that is
      longer, and not before the collector wants it.
      """),
    .time(
      "otlp.timeout", \.otlp.timeout, from: 0.1, to: 300,
      """
      Time for one push: name server, connection, request and answer. 10s: OpenTelemetry's own
      default. Nothing else waits for it.
      """),
    .texts(
      "otlp.resource-attributes", \.otlp.resourceAttributes,
      """
      Resource attributes besides those that closewatch sets itself (host.name, service.name and
      others), such as {deployment.environment.name: production}. {} by default. One of the same
      name replaces its own.
      """),
  ]
}

/// The kinds of keys that say where to.
extension SettingKey {
  /// The URL of a collector, or nothing.
  static func collector(
    _ path: String, _ place: Place<CollectorURL?>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path,
      expected: "a URL such as http://127.0.0.1:4318, without user, password and query",
      reason: reason, text: { $0[keyPath: place]?.description ?? noText },
      set: { settings, text in
        let url = CollectorURL(text)
        guard url != nil || isNoText(text) else { return false }
        settings[keyPath: place] = url
        return true
      })
  }

  /// A file, or none.
  static func file(_ path: String, _ place: Place<String>, _ reason: String) -> SettingKey {
    SettingKey(
      path: path, expected: "the whole path of a file", reason: reason,
      text: { $0[keyPath: place].isEmpty ? noText : $0[keyPath: place] },
      set: { settings, text in
        guard isNoText(text) || text.hasPrefix("/") && !text.utf8.contains(0) else { return false }
        settings[keyPath: place] = isNoText(text) ? "" : text
        return true
      })
  }

  /// Texts by name.
  static func texts(
    _ path: String, _ place: Place<[String: String]>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path, expected: "texts by name such as {deployment.environment.name: production}",
      reason: reason, form: .map,
      text: { settings in
        let entries = settings[keyPath: place].sorted { $0.key < $1.key }
        return "{" + entries.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
      },
      set: { settings, text in
        guard let entries = items(of: text, "{", "}"), entries.count <= 32 else { return false }
        var found: [String: String] = [:]
        for entry in entries {
          let parts = entry.split(separator: ":", maxSplits: 1).map { trimmed($0) }
          guard parts.count == 2, !parts.contains(""), found[parts[0]] == nil,
            parts[0].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            )
          else { return false }
          found[parts[0]] = parts[1]
        }
        settings[keyPath: place] = found
        return true
      })
  }

  /// How the file writes that there is nothing. A flag may say it so, too.
  private static let noText = "\"\""

  private static func isNoText(_ text: String) -> Bool { text.isEmpty || text == noText }
}
