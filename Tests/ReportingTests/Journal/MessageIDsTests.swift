// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting
import Testing

/// The identities of messages, which people filter by for years.
@Suite struct MessageIDsTests {
  /// Those of the first causes.
  private static let first = RuleID.allCases.flatMap { rule in
    [FindingEvent.Kind.firing, .worsened, .resolved].map { kind in
      rule.guide.messageIDs[kind, rule.guide.causes[0]]
    }
  }
  private static let all = RuleID.allCases.flatMap { $0.guide.messageIDs.all }

  @Test func `each rule and event has one of its own, and each cause`() {
    let causes = RuleID.allCases.reduce(0) { $0 + $1.guide.causes.count }
    #expect(Self.all.count == causes + 2 * RuleID.allCases.count)
    for rule in RuleID.allCases {
      let others = Set(rule.guide.causes.dropFirst())
      #expect(Set(rule.guide.messageIDs.others.keys) == others, "\(rule)")
    }
    #expect(Set(Self.all).count == Self.all.count)
  }

  @Test func `it is 128 bits in lower-case hexadecimal digits`() {
    for id in Self.all {
      #expect(id.utf8.count == 32, "\(id)")
      let isHex = id.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
      #expect(isHex, "\(id)")
    }
  }

  @Test func `they do not change`() {
    #expect(
      RuleID.closeWaitLeak.guide.messageIDs.firing == "8015bbe2d2de4b49ab2a070f2538b14f")
    #expect(MessageIDs.release == "9d05e438d4a643efa346aa21a3f71bf2")
    #expect(!Self.all.contains(MessageIDs.release))
    // FNV-1a over all of them: only a new rule changes it.
    let hash = Self.first.joined().utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    #expect(String(hash, radix: 16) == "19f4d76ad8db2ef")
  }
}
