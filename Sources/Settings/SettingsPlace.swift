// SPDX-License-Identifier: Apache-2.0

/// Where the daemon's settings are.
package enum SettingsPlace {
  /// Where the package puts the file.
  package static let usualPath = "/etc/closewatch/closewatch.yaml"
}
