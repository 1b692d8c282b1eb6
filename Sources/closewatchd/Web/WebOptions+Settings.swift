// SPDX-License-Identifier: Apache-2.0

import Console

extension WebOptions {
  /// What the flags say together.
  var settings: WebSettings {
    get throws(UsageError) {
      var settings = WebSettings()
      settings.usesSystemdSockets = usesSystemdSocket
      settings.configFile = configFile
      settings.allowedHosts = allowedHosts
      guard !listenAddress.isEmpty else { return settings }
      guard !usesSystemdSocket else {
        throw UsageError(
          "--web.systemd-socket and --web.listen-address cannot be combined: systemd says where")
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
