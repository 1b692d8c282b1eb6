// SPDX-License-Identifier: Apache-2.0

/// What program this is.
enum BuildInfo {
  /// The release, as `closewatch --version` prints it.
  static let version = "0.2.0"
}
