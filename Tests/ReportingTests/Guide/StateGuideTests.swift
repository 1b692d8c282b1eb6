// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

@Suite struct StateGuideTests {
  @Test func `each of the states that a table can show has a paragraph of its own`() {
    let texts = TCPState.shown.compactMap(StateGuide.text)
    #expect(Set(texts).count == 11)
    for text in texts {
      #expect(text.count <= 400, "\(text.count): \(text)")
      #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }, "\(text)")
    }
  }

  @Test func `a request socket is explained as SYN_RECV, an unknown number is not explained`() {
    #expect(StateGuide.text(for: .newSynRecv) == StateGuide.text(for: .synRecv))
    #expect(StateGuide.text(for: TCPState(rawValue: 14)) == nil)
    #expect(StateGuide.text(for: TCPState(rawValue: 0)) == nil)
  }

  @Test func `only CLOSE_WAIT and the like are said to have no timer`() {
    let timeless = TCPState.shown.filter {
      StateGuide.text(for: $0)?.contains("there is no timer") == true
    }
    #expect(timeless == [.closeWait])
  }
}
