// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What the daemon has seen by now: `top` begins with it, for its own looks have no past.
package struct DaemonPast: Hashable, Sendable {
  /// A finding that is not over.
  struct Told: Hashable, Sendable {
    var lifecycle: Lifecycle
    var severity: Severity
    var rule: RuleID
    var owner: Owner
  }

  /// For how long it has watched.
  package private(set) var watchedSeconds = 0.0
  /// The worst first.
  private(set) var findings: [Told] = []
  /// CLOSE_WAIT of the whole host.
  private(set) var closeWait: [HistoryPoint] = []

  /// Where it is asked for over the control socket.
  package static let path = "/past"

  package init() {}

  package init(_ snapshot: DaemonSnapshot) {
    watchedSeconds = snapshot.watchedSeconds ?? 0
    findings = snapshot.findings.filter { $0.lifecycle != .resolved && !$0.isAccepted }.map {
      Told(lifecycle: $0.lifecycle, severity: $0.severity, rule: $0.rule, owner: $0.owner)
    }
    closeWait = snapshot.timeline.hour.points(of: .closeWait).compactMap { point in
      point.sockets.map { HistoryPoint(at: point.at, sockets: $0) }
    }
  }

  /// One `key value` a line. Names are as they are shown.
  package var text: String {
    var lines = ["watched-seconds \(Quantity.fixed(watchedSeconds, decimals: 3))"]
    for told in findings {
      lines.append(
        "finding \(told.lifecycle.rawValue) \(told.severity.name) \(told.rule.rawValue) "
          + "\(told.owner.kind.rawValue) \(UntrustedText.printable(told.owner.name))")
    }
    for point in closeWait {
      lines.append("close-wait \(point.at.nanoseconds) \(point.sockets)")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Reads it. A line that is not known is of another release, and left out.
  package init(text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
      switch parts.first {
      case "watched-seconds" where parts.count == 2:
        watchedSeconds = Double(parts[1]).flatMap { $0.isFinite ? $0 : nil } ?? 0
      case "finding" where parts.count == 6:
        guard let lifecycle = Lifecycle(rawValue: String(parts[1])),
          let severity = Severity.allCases.first(where: { $0.name == parts[2] }),
          let rule = RuleID(rawValue: String(parts[3])),
          let kind = Owner.Kind(rawValue: String(parts[4]))
        else { continue }
        findings.append(
          Told(
            lifecycle: lifecycle, severity: severity, rule: rule,
            owner: Owner(kind, String(parts[5]))))
      case "close-wait" where parts.count == 3:
        guard let at = Int64(parts[1]), let sockets = Int(parts[2]) else { continue }
        closeWait.append(HistoryPoint(at: BootInstant(nanoseconds: at), sockets: sockets))
      default: continue
      }
    }
  }

  var firing: Int { findings.count { $0.lifecycle == .firing } }

  /// The worst of an owner.
  func worst(of owner: Owner) -> Told? {
    findings.first { TopPicture.key($0.owner) == owner }
  }
}
