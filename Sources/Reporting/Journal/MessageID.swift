// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// The `MESSAGE_ID` of each rule and event: what `journalctl MESSAGE_ID=...` and the catalog go by.
///
/// Random once (`systemd-id128 new`), and never changed again: people filter by them.
package enum MessageID {
  /// What `closewatch release` has done.
  package static let release = "9d05e438d4a643efa346aa21a3f71bf2"

  /// 32 lower-case hexadecimal digits.
  package static func id(of rule: RuleID, _ kind: FindingEvent.Kind) -> String {
    let ids = ids(of: rule)
    return switch kind {
    case .firing: ids.firing
    case .worsened: ids.worsened
    case .resolved: ids.resolved
    }
  }

  private struct IDs {
    var firing: String
    var worsened: String
    var resolved: String
  }

  private static func ids(of rule: RuleID) -> IDs {
    switch rule {
    case .closeWaitLeak:
      IDs(
        firing: "8015bbe2d2de4b49ab2a070f2538b14f", worsened: "433c7b8da1cd4d6e8af9de8f2e6b0c43",
        resolved: "8ab50152ce9a4e57bce3400abbec8a79")
    case .closeWaitStuck:
      IDs(
        firing: "5d1645fe50a64a37b3e21776c308c65b", worsened: "94c40622450a4ec6a5c864c0df5574c6",
        resolved: "affe2b7f1c6d497cbfdd37c66f08f298")
    case .acceptQueueStall:
      IDs(
        firing: "5b15d362fcab46aa815ce71fd97e0e46", worsened: "1c6e5774c76b4360a572fe79d531b7fb",
        resolved: "07a5a810fa9d41069bedc08c2043e18d")
    case .closedFdLeak:
      IDs(
        firing: "3e5804fa3d6c4ca8b432cfe3b4ddd538", worsened: "375b9c0d927b4791b3e87b949ebce853",
        resolved: "d03e47667dbe4635863c530a93592673")
    case .finWait2Owned:
      IDs(
        firing: "cf75d0c3b17748eca40af8a9c8244398", worsened: "d1787b561fe64022b09e3fd05913e368",
        resolved: "5b7e6faf43574c198181355b90bc9820")
    case .finWait1Pileup:
      IDs(
        firing: "3b6e4b2eb9d948289f29a553f3b2ca58", worsened: "343b3e7f4f02435fa3ab8adc5740c9f1",
        resolved: "debb6b54e9d047578b1d59a694b19137")
    case .lastAckPileup:
      IDs(
        firing: "5972ea9a6f204c14ae7d4c1c3b191fbe", worsened: "a15ce6d5e55e492ab29a2929b51c6d71",
        resolved: "8050e66b879e4372b2ec40974d0bff7e")
    case .closingPileup:
      IDs(
        firing: "0290fa57c293439ea45277bb95bb8642", worsened: "fc3a7b131f044934b013ba3322db0cf1",
        resolved: "0aa41e62d32945d68f3583e1f8497e8f")
    case .timeWaitPortExhaustion:
      IDs(
        firing: "066c2e50df9b4202beb3990d359f00a5", worsened: "03c5c3037f5c4f2faa319f2de44e9f73",
        resolved: "10ee65084af04eaf9d4edd5e96cf997f")
    case .timeWaitBucketOverflow:
      IDs(
        firing: "7204d749dd164a89996c2f531e4cec50", worsened: "42a518dea912440d99e5fe69e973a77d",
        resolved: "d2815b1488844c3eb8acee544071030d")
    case .synRecvPileup:
      IDs(
        firing: "a6cadc4d554e4fbf89c163799032c924", worsened: "dc7d32338a20474cb82cf9aefa07748e",
        resolved: "b9d9fcc6d708422da142686c5b614dfd")
    case .synSentPileup:
      IDs(
        firing: "795b93aaf72349b0b23816b71579d0bf", worsened: "2b61597f22c54893bf912527d0390ad6",
        resolved: "0dea16840496482682c93a94c4666f18")
    case .establishedIdleGrowth:
      IDs(
        firing: "b41708f6b48a4d0abfe185c9885a35e9", worsened: "2209b518cfbe4580b9a6a46efbcb4924",
        resolved: "6e2683f8a1ed4aeeb4ee5032c7095bbd")
    case .descriptorExhaustion:
      IDs(
        firing: "f9ecfc8c78304df2bbb80d6109717d4a", worsened: "adaf1d49f2d14d14b5a265552f1ac21d",
        resolved: "5f276b66f4334fa49584b3fa3d3f7b81")
    case .orphanPressure:
      IDs(
        firing: "a93cfd93544841298b8595fcda29c29d", worsened: "4ea726751b2e421a808940de8bde1ae4",
        resolved: "53267e47d1d24d16b09be88d962f072d")
    }
  }
}
