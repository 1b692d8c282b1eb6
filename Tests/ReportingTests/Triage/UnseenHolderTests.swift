// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

/// What a triage says of sockets whose holder could not be read.
@Suite struct UnseenHolderTests {
  @Test func `sockets whose holder could not be read are not said to have none`() {
    var finding = FoundLeak.closeWait()
    finding.culprits = []
    finding.owner = .unseen
    let page = TriageText(FoundLeak.report([finding]), style: TextStyle()).text()
    #expect(page.contains("\nWARNING close-wait-leak: holder not seen\n"))
  }

  @Test func `a call that is stuck is no number of processes`() {
    let stuck = Gap(.callStuck, detail: "/proc/net/tcp was read instead")
    #expect(GapWords.unread([]) == nil)
    #expect(GapWords.unread([stuck]) == "some processes")
    #expect(GapWords.unread([stuck, Gap(.processesHidden, count: 3, detail: "")]) == "3 processes")
  }
}
