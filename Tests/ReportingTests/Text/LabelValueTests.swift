// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

@Suite struct LabelValueTests {
  @Test func `printable text is kept as it is`() {
    #expect(LabelValue.safe("api \"x\" \\ é") == "api \"x\" \\ é")
  }

  @Test func `what a terminal would act on is shown as ? with a hash of the whole`() {
    let value = LabelValue.safe("a\u{1b}[2J")
    #expect(value.hasPrefix("a?[2J~"))
    #expect(value.count == 5 + 1 + 16)
  }

  @Test func `texts that differ only in what is not shown stay different`() {
    let texts = ["a\u{1}", "a\u{2}", "a?", "a\n", "a\u{0}"]
    #expect(Set(texts.map(LabelValue.safe)).count == texts.count)
    let long = String(repeating: "x", count: 500)
    #expect(LabelValue.safe(long + "1") != LabelValue.safe(long + "2"))
  }

  @Test func `a long text is cut to 120 bytes, never inside a character`() {
    let value = LabelValue.safe(String(repeating: "€", count: 100))
    #expect(value.utf8.count <= 120)
    #expect(value.hasPrefix("€€€"))
    #expect(!value.unicodeScalars.contains("\u{fffd}"))
    #expect(LabelValue.safe(String(repeating: "x", count: 120)).utf8.count == 120)
    #expect(!LabelValue.safe(String(repeating: "x", count: 120)).contains("~"))
    #expect(LabelValue.safe(String(repeating: "x", count: 121)).contains("~"))
  }
}
