// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Says how a finding has ended, and what it is while it stands.
enum EndWords {
  /// `412 of 420 were closed`, `process 3306 exited`.
  static func sentence(_ end: JournalEvent.End, in state: TCPState) -> String {
    // What has ended is said with what is there now: it is not all quiet.
    let newer = end.newer > 0 ? ", and \(Quantity.count(end.newer)) younger ones are there" : ""
    return how(end, in: state) + newer
  }

  /// The same for a page that anyone may read.
  static func withoutProcess(_ end: JournalEvent.End, in state: TCPState) -> String {
    var end = end
    (end.pid, end.continuedAs) = (nil, nil)
    return sentence(end, in: state)
  }

  /// What heads the list of those that have ended.
  static func heading(isFromDaemon: Bool) -> String {
    isFromDaemon ? "Ended in the last hour" : "Stopped during the watch"
  }

  private static func how(_ end: JournalEvent.End, in state: TCPState) -> String {
    switch end.how {
    case .closed:
      let went = byProgram.contains(state) ? "were closed" : "are gone"
      return "\(Quantity.count(end.gone)) of \(Quantity.count(end.members)) \(went)"
    case .exited: return end.pid.map { "process \($0) exited" } ?? "its process exited"
    case .used:
      return "\(Quantity.count(end.gone)) of \(Quantity.count(end.members)) carry data again"
    case .subsided: return "no longer true"
    case .leftOut: return "left out: there are too many findings, and others are worse"
    case .continued: return end.continuedAs.map { "goes on as \($0)" } ?? "goes on as another"
    }
  }

  /// What leaves one of these, a program has closed.
  private static let byProgram = StateSet(.established, .closeWait, .finWait2, .close)

  /// `not growing since 14:02`; nil while it grows, and where that is not known.
  static func standing(_ finding: Finding, clock: WallTime) -> String? {
    finding.notGrowingSince.map { "not growing since \(clock.text(of: $0))" }
  }

  /// `12 of them not seen since 14:02`; nil when all were.
  static func unseen(_ finding: Finding, clock: WallTime) -> String? {
    guard let since = finding.notSeenSince else { return nil }
    let what = finding.unseen > 0 ? "\(Quantity.count(finding.unseen)) of them " : ""
    return "\(what)not seen since \(clock.text(of: since))"
  }
}
