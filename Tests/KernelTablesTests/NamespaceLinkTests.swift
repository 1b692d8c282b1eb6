// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct NamespaceLinkTests {
  @Test func `the number of a link is the namespace`() throws {
    let text = Array("net:[4026531840]".utf8)
    #expect(try NamespaceLink.decode(text.span) == NetnsID(rawValue: 4_026_531_840))
    let largest = Array("net:[4294967295]".utf8)
    #expect(try NamespaceLink.decode(largest.span) == NetnsID(rawValue: .max))
  }
}
