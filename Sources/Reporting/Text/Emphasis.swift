// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// How text stands out at a terminal: on a page that scrolls and on a screen. Nothing is said by it
/// alone.
package enum Emphasis: Hashable, Sendable {
  case plain, strong, faint, bad, warn, good
  /// Turned around: titles, and the line that is chosen.
  case reverse

  init(_ severity: Severity) {
    switch severity {
    case .critical: self = .bad
    case .warning: self = .warn
    case .notice: self = .strong
    }
  }

  /// Its parameters of SGR (ECMA-48). nil: none; without colour what is bold stays.
  func code(colour: Bool) -> String? {
    switch self {
    case .plain: nil
    case .strong: "1"
    case .faint: colour ? "2" : nil
    case .bad: colour ? "1;31" : "1"
    case .warn: colour ? "1;33" : "1"
    case .good: colour ? "32" : nil
    case .reverse: "7"
    }
  }
}
