// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// Says what makes a verdict less sure, and what would make it surer.
enum DoubtWords {
  static func sentence(_ doubt: Doubt) -> String {
    switch doubt {
    case .oneLook: "one look cannot see growth"
    case .watchedTooShort: "not watched for long enough"
    case .maybeFillingPool: "a pool that fills looks the same until it is full"
    case .someDrain: "some are closed in the end, late"
    case .agesAreBounds: "ages are lower bounds"
    case .holdersIncomplete: "not every process could be read"
    case .sourceLimited: "/proc/net/tcp has no cookie, age or bytes sent"
    case .openerInferred: "the opener is inferred from live connections to the same place"
    case .openerUnknown: "who opened them is not known"
    case .fewSockets: "few sockets"
    case .samplerGap: "the watch was interrupted"
    }
  }

  /// What is missing for a verdict, and how to get it.
  static func missing(_ doubts: [Doubt]) -> String {
    guard !doubts.isEmpty else { return "watch with --for 60s" }
    let why = doubts.map(sentence).joined(separator: ", ")
    return why + remedy(doubts)
  }

  private static func remedy(_ doubts: [Doubt]) -> String {
    if doubts.contains(.oneLook) || doubts.contains(.watchedTooShort)
      || doubts.contains(.samplerGap)
    {
      return ": watch with --for 60s"
    }
    if doubts.contains(.maybeFillingPool) || doubts.contains(.fewSockets)
      || doubts.contains(.someDrain)
    {
      return ": watch longer, with --for 10m"
    }
    return doubts.contains(.holdersIncomplete) ? ": run as root" : ""
  }
}
