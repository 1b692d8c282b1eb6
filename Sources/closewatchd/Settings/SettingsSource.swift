// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import Settings

/// Where the settings of this run come from, so that they can be read again.
struct SettingsSource: Sendable {
  /// The file that was asked for; nil: the usual one, if it is there.
  var path: String?
  /// `section.key=value`.
  var flags: [String]

  /// The file that is read now; nil: none.
  var effectivePath: String? {
    if let path { return path }
    return access(SettingsPlace.usualPath, F_OK) == 0 ? SettingsPlace.usualPath : nil
  }

  func read() throws(SettingsErrors) -> DaemonSettings {
    try SettingsReader.read(
      path: effectivePath, environment: Environment.variables, flags: flags)
  }
}
