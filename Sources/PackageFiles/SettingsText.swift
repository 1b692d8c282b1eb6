// SPDX-License-Identifier: Apache-2.0

import Settings

/// The commented file: every key with its default and the reason.
enum SettingsText {
  /// How values are written. The manual says it too.
  static let units = "Times are written 500ms, 10s, 2m, 1h30m or 7d, shares as 80%."

  static func text() -> String {
    let defaults = DaemonSettings()
    var out = """
      # Settings of `closewatch daemon`. Every key stands here with its default; what is left out
      # keeps it. After a change: closewatch check-settings, then systemctl reload closewatch.
      #
      # A variable overrides the file: CLOSEWATCH_ and the name of the key, for example
      # CLOSEWATCH_FULL_INTERVAL=30s; for otlp the section too: CLOSEWATCH_OTLP_INTERVAL=30s.
      # A flag overrides both: --set sampling.full-interval=30s.
      # \(units)

      """
    for section in SettingCatalog.sections {
      out += "\n# \(section.about)\n\(section.name):\n"
      for (index, key) in section.keys.enumerated() {
        if index > 0 { out += "\n" }
        for line in key.reason.split(separator: "\n") { out += "  # \(line)\n" }
        out += "  \(key.name): \(key.text(defaults))\n"
      }
    }
    return out
  }
}
