// SPDX-License-Identifier: Apache-2.0

/// How old the newest sample may be before nothing that rests on it can be relied on. The one
/// limit, for every page.
package enum Freshness {
  /// Three intervals; a turn takes its time too, on a host in trouble a long one; and two seconds
  /// for a moment of bad luck.
  package static func limitSeconds(intervalSeconds: Double, turnSeconds: Double) -> Double {
    3 * intervalSeconds + 3 * turnSeconds + 2
  }
}
