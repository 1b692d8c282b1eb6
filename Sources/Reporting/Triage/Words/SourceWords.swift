// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Says where a triage has its knowledge from, and what that means for its verdict.
struct SourceWords {
  /// A watch below this shows no growth: the rules need a few intervals and a patience.
  static let shortWatchSeconds = 10.0

  let source: TriageSource
  /// From the first look to the last.
  let watchedSeconds: Double
  let clock: WallTime

  /// One or two sentences.
  var sentence: String {
    switch source {
    case .daemon(let watch): daemon(watch)
    case .look(let why): look(why)
    }
  }

  private func daemon(_ watch: DaemonWatch) -> String {
    let span = max(0, watch.askedAt.seconds(since: watch.since))
    let age = max(0, watch.askedAt.seconds(since: watch.newestLookAt))
    let every = Quantity.duration(watch.intervalSeconds)
    let slow = watch.isBackedOff ? " (a look costs more than cpu-budget allows)" : ""
    let facts =
      "From the daemon: watching since \(clock.text(of: watch.since)) "
      + "(\(Quantity.duration(span))), last look \(Quantity.duration(age)) ago, every "
      + every + slow + "."
    guard span < watch.patienceSeconds else { return facts }
    return facts + " Too short to judge growth: nothing counts as stuck before "
      + "\(Quantity.duration(watch.patienceSeconds))."
  }

  private func look(_ why: WithoutDaemon) -> String {
    let reason =
      switch why {
      case .notAsked(let flag): "the daemon was not used (\(flag))"
      case .absent: "no daemon answers here"
      case .denied: "only root and the group closewatch may ask the daemon"
      case .silent(let reason): "the daemon does not answer (\(reason))"
      }
    if watchedSeconds >= Self.shortWatchSeconds {
      return "Watched for \(Quantity.duration(watchedSeconds)); \(reason), so there is no earlier"
        + " history."
    }
    let looked =
      watchedSeconds >= 0.5
      ? "Watched for \(Quantity.duration(watchedSeconds)) only" : "One look only"
    return "\(looked); \(reason). Too short to be sure of growth: try closewatch triage --for 60s."
  }
}
