// SPDX-License-Identifier: Apache-2.0

/// Where the daemon answers the command.
package enum ControlPlace {
  /// Below the RuntimeDirectory= of the unit.
  package static let usualPath = "/run/closewatch/control.sock"
  /// Whose members may ask.
  package static let group = "closewatch"
}
