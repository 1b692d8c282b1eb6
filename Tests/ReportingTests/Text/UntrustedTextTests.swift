// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct UntrustedTextTests {
  @Test(arguments: [
    ("nginx: worker", "nginx: worker"), ("a\u{1b}[31mred", "a?[31mred"),
    ("two\nlines", "two?lines"),
    ("c1\u{9b}J", "c1?J"), ("\u{202e}gpj.exe", "?gpj.exe"), ("zero\u{200b}width", "zero?width"),
    ("größe", "größe"),
  ])
  func `what could move the cursor or reorder the line is shown as a question mark`(
    _ text: String, _ shown: String
  ) {
    #expect(UntrustedText.printable(text) == shown)
  }

  @Test func `a terminal without Unicode gets none`() {
    #expect(UntrustedText.printable("größe 日本", unicode: false) == "gr??e ??")
  }

  @Test(arguments: [("nginx", 5), ("日本", 4), ("größe", 5), ("e\u{301}", 1), ("👍", 2)])
  func `columns are counted as a terminal counts them`(_ text: String, _ columns: Int) {
    #expect(UntrustedText.columns(text) == columns)
  }
}
