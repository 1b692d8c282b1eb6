// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Where a triage has its knowledge from, and with it what its verdict can know.
package enum TriageSource: Hashable, Sendable {
  /// The daemon, which remembers what it has seen.
  case daemon(DaemonWatch)
  /// Looks of the command's own, and why it was not the daemon.
  case look(WithoutDaemon)
}

/// How the daemon has watched.
package struct DaemonWatch: Hashable, Sendable {
  /// Its first look.
  package var since: BootInstant
  package var newestLookAt: BootInstant
  /// When it was asked.
  package var askedAt: BootInstant
  /// Seconds between two looks, at present.
  package var intervalSeconds: Double
  /// Whether that is longer than set, because a look costs more than its budget.
  package var isBackedOff: Bool
  /// How long a socket must sit in its state to count as stuck.
  package var patienceSeconds: Double
  /// When ESTABLISHED sockets were last counted; nil: in the newest look.
  package var establishedAt: BootInstant?

  /// - Parameters:
  ///   - since: Its first look.
  ///   - newestLookAt: Its newest one.
  ///   - askedAt: Now.
  ///   - intervalSeconds: Between two looks.
  ///   - isBackedOff: Whether that is longer than set.
  ///   - patienceSeconds: See ``patienceSeconds``.
  package init(
    since: BootInstant, newestLookAt: BootInstant, askedAt: BootInstant, intervalSeconds: Double,
    isBackedOff: Bool = false, patienceSeconds: Double
  ) {
    self.since = since
    self.newestLookAt = newestLookAt
    self.askedAt = askedAt
    self.intervalSeconds = intervalSeconds
    self.isBackedOff = isBackedOff
    self.patienceSeconds = patienceSeconds
  }
}

/// Why the daemon does not answer a triage.
package enum WithoutDaemon: Hashable, Sendable {
  /// It was not asked: only a look of its own can do what this flag says.
  case notAsked(flag: String)
  /// There is no socket at this path.
  case absent(path: String)
  /// This user may not connect.
  case denied
  /// There is something, and no answer that can be used: why, in words.
  case silent(String)

  /// One word for programs.
  var name: String {
    switch self {
    case .notAsked: "not-asked"
    case .absent: "absent"
    case .denied: "denied"
    case .silent: "silent"
    }
  }
}
