// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

extension TriageReport {
  /// Where, when, how it was watched, and the verdict: `web01 14:03 UTC, watched for 30 s: 2
  /// critical, 1 warning, 1 pending`.
  func headline(offsetSeconds: Int) -> String {
    let host = hostName.map { UntrustedText.printable($0, unicode: false) + " " } ?? ""
    let time = clock(offsetSeconds: offsetSeconds).textWithZone(of: census.takenAt)
    let only = target.map { ", only \($0)" } ?? ""
    return "\(host)\(time), \(watch)\(only): \(verdict)"
  }

  private var watch: String {
    switch source {
    case .daemon(let watch):
      let span = max(0, watch.askedAt.seconds(since: watch.since))
      return "watched for \(Quantity.duration(span)) by the daemon"
    case .look:
      return watchedSeconds >= 0.5 ? "watched for \(Quantity.duration(watchedSeconds))" : "one look"
    }
  }

  /// How many of each kind; what follows from another finding is in no sum.
  private var verdict: String {
    let roots = firing.roots
    var parts = [Severity.critical, .warning, .notice].compactMap { severity -> String? in
      let count = roots.count { $0.severity == severity }
      switch (count, severity) {
      case (0, _): return nil
      case (_, .critical): return Quantity.count(count) + " critical"
      default: return Quantity.count(count, severity.name)
      }
    }
    if parts.isEmpty {
      let seen = isPartlyBlind ? " in what could be seen" : ""
      parts.append(isOpen ? "no verdict yet" : "nothing to act on" + seen)
    }
    if !pending.isEmpty { parts.append(Quantity.count(pending.count) + " pending") }
    return parts.joined(separator: ", ")
  }

  /// Whether so much was not seen that nothing found says little: a part of the host, or more
  /// processes than were seen.
  var isPartlyBlind: Bool {
    gaps.contains { gap in
      switch gap.kind {
      case .boundReached, .callStuck, .dumpRefused, .namespaceNotRead, .processesHidden: true
      case .descriptorsUnreadable: gap.count > census.processes
      case .namespaceUnknown, .socketsUnlisted, .dumpInterrupted, .rowUndecodable, .sourceLimited,
        .mptcpUnread, .fileUnreadable, .runtimeUnread, .connectsUncounted, .connectsLost:
        false
      }
    }
  }

  /// Whether sockets wait to be closed that were seen for a moment only, or so many of one owner
  /// that silence says too little, or something is pending: that is not the same as nothing.
  var isOpen: Bool {
    !pending.isEmpty || census.suspicious.contains { isShort || isUnjudged($0) }
  }

  /// Of CLOSE_WAIT a rule asks by owner, and what is closing the kernel ends by itself.
  private func isUnjudged(_ group: WaitingGroup) -> Bool {
    [.dead, .halfClosed].contains(group.kind) && group.stuck >= RuleSettings().mostUnjudged
  }
}
