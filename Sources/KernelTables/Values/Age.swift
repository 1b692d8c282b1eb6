// SPDX-License-Identifier: Apache-2.0

/// An age, and how far it can be trusted.
package struct Age: Hashable, Sendable {
  package enum Bound: String, Hashable, Sendable {
    case exact
    case atLeast = "at_least"
    case unknown
  }
  package var seconds: Double
  package var bound: Bound
  package init(seconds: Double, bound: Bound) {
    self.seconds = seconds
    self.bound = bound
  }
}
