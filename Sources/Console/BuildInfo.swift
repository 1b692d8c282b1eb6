// SPDX-License-Identifier: Apache-2.0

/// What program this is.
package enum BuildInfo {
  /// The release, as `closewatch --version` prints it.
  package static let version = "0.2.0"
}
