// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Says what makes a verdict less sure, and what would make it surer.
enum DoubtWords {
  static func sentence(_ doubt: Doubt) -> String {
    switch doubt {
    case .oneLook: "one look cannot see growth"
    case .watchedTooShort: "not watched for long enough"
    case .poolOrLeak: "idle pool or leak: a pool would reuse them"
    case .someDrain: "some are closed after all, late"
    case .agesAreBounds: "ages are lower bounds"
    case .holdersIncomplete: "not every process could be read"
    case .sourceLimited: "/proc/net/tcp has no cookie, age or bytes sent"
    case .endUnknown: "MPTCP does not show whether the end of the stream was read"
    case .openerInferred: "the opener is inferred from live connections to the same place"
    case .openerUnknown: "who opened them is not known"
    case .holderOrHeir:
      "its parent connects there too: the holder has opened them, or inherited them from it"
    case .fewSockets: "few sockets"
    case .samplerGap: "the watch was interrupted"
    }
  }

  /// What is missing for a verdict, and how to get it.
  ///
  /// - Parameter isWatched: Whether the daemon goes on watching: then time brings it.
  static func missing(_ doubts: [Doubt], isWatched: Bool = false) -> String {
    let why = doubts.map(sentence).joined(separator: ", ")
    let remedy = remedy(doubts, isWatched: isWatched)
    return [why, remedy].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  private static func remedy(_ doubts: [Doubt], isWatched: Bool) -> String {
    if doubts.isEmpty || doubts.contains(.oneLook) || doubts.contains(.watchedTooShort)
      || doubts.contains(.samplerGap)
    {
      let advised = "\(Int(RuleSettings.advisedWatchSeconds))s"
      return isWatched ? "the daemon goes on watching" : "watch with --for \(advised)"
    }
    if doubts.contains(.poolOrLeak) || doubts.contains(.fewSockets)
      || doubts.contains(.someDrain)
    {
      return isWatched ? "the daemon goes on watching" : "watch longer, with --for 10m"
    }
    return doubts.contains(.holdersIncomplete) && !isWatched ? "run as root" : ""
  }
}
