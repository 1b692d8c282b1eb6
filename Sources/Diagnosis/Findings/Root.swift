// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What stands behind a finding, beyond the kernel's evidence: ``Finding/cause`` says what the
/// sockets show, the root says what the program is about. It is inferred, unless a signal has
/// stopped the program.
package struct Root: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// It waits for answers from somewhere else.
    case waitsForBackend = "waits-for-backend"
    /// It has as many clients or workers as it allows itself.
    case ownLimit = "own-limit"
    /// It has stopped reading on purpose, until something else has changed.
    case stoppedReading = "stopped-reading"
    /// A signal has stopped it (state T): it does nothing until SIGCONT.
    case stoppedBySignal = "stopped-by-signal"
  }

  /// Connections to a backend, by what they wait for.
  package struct Waiting: Hashable, Sendable {
    /// The handshake is not answered.
    package var connecting = 0
    /// Something was sent since the last answer, or nothing has ever come.
    package var unanswered = 0
    /// Nothing went either way for as long as the clients have waited.
    package var idle = 0
    /// Send-Q does not drain: the backend does not read.
    package var blocked = 0

    package init() {}

    package var sockets: Int { connecting + unanswered + idle + blocked }

    mutating func add(_ other: Waiting) {
      connecting += other.connecting
      unanswered += other.unanswered
      idle += other.idle
      blocked += other.blocked
    }
  }

  package var kind: Kind
  /// Where: the backend, or the listener that is at its limit or whose clients are not read.
  package var place: Endpoint?
  /// The process at that place, when it is on this host.
  package var process: ProcessRecord?
  /// What waits at the place, of one that waits for a backend.
  package var waiting: Waiting?

  package init(_ kind: Kind, place: Endpoint? = nil, process: ProcessRecord? = nil) {
    self.kind = kind
    self.place = place
    self.process = process
  }
}
