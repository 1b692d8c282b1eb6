// SPDX-License-Identifier: Apache-2.0

/// Why files could not be generated: what was attempted, on what, and the reason.
struct GeneratorError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
