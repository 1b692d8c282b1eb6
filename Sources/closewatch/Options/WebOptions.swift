// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags of the web server, by the names that users of Prometheus exporters know.
struct WebOptions: ParsableArguments {
  @Option(
    name: .customLong("web.listen-address"),
    help: ArgumentHelp(
      "Where to serve metrics (default: \(ListenAddress.standard)). Can be repeated. "
        + "[::1]:9776, :9776 for every address, unix:/path?mode=0660, or none.",
      valueName: "address"))
  var listenAddress: [String] = []

  @Option(
    name: .customLong("web.config.file"),
    help: ArgumentHelp(
      "TLS, users and headers, in the format of Prometheus' exporter-toolkit. Read again when it "
        + "changes.", valueName: "file"))
  var configFile: String?

  @Flag(
    name: .customLong("web.systemd-socket"),
    help: "Serve on the sockets of a systemd socket unit instead.")
  var usesSystemdSocket = false

  /// What the flags say together.
  var settings: WebSettings {
    get throws(UsageError) {
      var settings = WebSettings()
      settings.usesSystemdSockets = usesSystemdSocket
      settings.configFile = configFile
      guard !listenAddress.isEmpty else { return settings }
      guard !usesSystemdSocket else {
        throw UsageError(
          "--web.systemd-socket and --web.listen-address exclude each other: systemd says where")
      }
      if listenAddress == ["none"] {
        settings.addresses = []
      } else {
        settings.addresses = try listenAddress.map { text throws(UsageError) in
          try ListenAddress(text)
        }
      }
      return settings
    }
  }
}
