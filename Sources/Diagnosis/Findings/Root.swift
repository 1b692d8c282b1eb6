// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What stands behind a finding, beyond the kernel's evidence: ``Finding/cause`` says what the
/// sockets show, the root says what the program is about.
package struct Root: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// It waits for answers from somewhere else.
    case waitsForBackend = "waits-for-backend"
    /// It has as many clients or workers as it allows itself.
    case ownLimit = "own-limit"
    /// It has stopped reading on purpose, until something else has changed.
    case stoppedReading = "stopped-reading"
  }

  package var kind: Kind
  /// Where: the backend, or the listener that is at its limit.
  package var place: Endpoint?
  /// The process at that place, when it is on this host.
  package var process: ProcessRecord?

  package init(_ kind: Kind, place: Endpoint? = nil, process: ProcessRecord? = nil) {
    self.kind = kind
    self.place = place
    self.process = process
  }
}
