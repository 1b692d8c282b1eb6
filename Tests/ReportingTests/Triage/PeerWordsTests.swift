// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// Where the other ends of a finding's sockets are, and what of them is not known.
@Suite struct PeerWordsTests {
  private func text(_ findings: [Finding]) -> String {
    var report = FoundLeak.report(findings, watched: 26)
    report.showsAll = true
    return TriageText(report, style: TextStyle()).text()
  }

  @Test func `sockets that were not seen are not somewhere else`() {
    var finding = FoundLeak.closeWait()
    #expect(text([finding]).contains("203.0.113.9 (80), elsewhere 8"))
    finding.unseen = 8
    #expect(!text([finding]).contains(", elsewhere"))
    finding.unseen = 0
    // Whose remote end the kernel has forgotten.
    finding.evidence.append(.turnedDead(count: 8))
    #expect(!text([finding]).contains(", elsewhere"))
  }

  @Test func `what a queue counts beyond its rows is from nowhere else`() {
    var finding = FoundLeak.closeWait()
    finding.rule = .acceptQueueStall
    finding.peers = [PeerCount(remote: Endpoint(IPAddress(ipv4: 0x7f00_0001), 0), sockets: 99)]
    finding.sockets = 101
    #expect(text([finding]).contains("127.0.0.1 (99)"))
    #expect(!text([finding]).contains(", elsewhere"))
  }

  @Test func `of more clients than are told some are elsewhere`() {
    var finding = FoundLeak.closeWait()
    finding.rule = .acceptQueueStall
    finding.sockets = 70
    finding.peers = (1...5).map {
      PeerCount(remote: Endpoint(IPAddress(ipv4: 0x7f00_0000 + $0), 0), sockets: 10)
    }
    #expect(text([finding]).contains("127.0.0.3 (10), elsewhere 40"))
  }
}
