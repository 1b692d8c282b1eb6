// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// A target and how it was typed, which is how the daemon is told.
package struct TypedTarget {
  package var text: String
  package var target: TriageTarget

  package static func parse(_ text: String) throws -> TypedTarget {
    TypedTarget(text: text, target: try TargetArgument.parse(text))
  }
}

/// What a triage is narrowed to, as people type it: `4711`, `web.service`, `web`, `:8080`.
package enum TargetArgument {
  package static func parse(_ text: String) throws -> TriageTarget {
    if text.hasPrefix(":") {
      guard let port = UInt16(text.dropFirst()), port > 0 else {
        throw UsageError("'\(text)' is not a port from 1 to 65535, as in :8080")
      }
      return .port(port)
    }
    if let first = text.utf8.first, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      guard first != 0x30, let pid = Int32(text) else {
        throw UsageError("'\(text)' is not a pid; for a port write :\(text)")
      }
      return .pid(pid)
    }
    guard !text.isEmpty, !text.contains("/"), !text.contains(":") else {
      throw UsageError("write a pid, the name of a unit, program or container, or :PORT")
    }
    return .name(text)
  }
}
