// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// The flags of the web server, by the names that users of Prometheus exporters know.
package struct WebOptions: ParsableArguments {
  @Option(
    name: .customLong("web.listen-address"),
    help: ArgumentHelp(
      "Where to serve metrics (default: \(ListenAddress.standard)). Can be repeated. "
        + "[::1]:9776, :9776 for every address, unix:/path?mode=0660, or none.",
      valueName: "address"))
  package var listenAddress: [String] = []

  @Option(
    name: .customLong("web.config.file"),
    help: ArgumentHelp(
      "TLS, users and headers, in the format of Prometheus' exporter-toolkit. Read again when it "
        + "changes.", valueName: "file"))
  package var configFile: String?

  @Flag(
    name: .customLong("web.systemd-socket"),
    help: "Serve on the sockets of a systemd socket unit instead.")
  package var usesSystemdSocket = false

  @Option(
    name: .customLong("web.allowed-hosts"),
    help: ArgumentHelp(
      "A name that the status page answers to, besides localhost, addresses and the host's own "
        + "name. Can be repeated. Metrics answer to any name.", valueName: "name"))
  package var allowedHosts: [String] = []

  package init() {}
}
