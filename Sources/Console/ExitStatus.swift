// SPDX-License-Identifier: Apache-2.0

/// What a program ends with.
package enum ExitStatus {
  /// Nothing is wrong.
  package static let fine: Int32 = 0
  /// Something to act on.
  package static let act: Int32 = 1
  /// Bad usage, or nothing could be seen.
  package static let blind: Int32 = 2
}
