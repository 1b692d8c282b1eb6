// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

@Suite struct ScreenLineTests {
  @Test(arguments: [
    ("nginx", 5, "nginx"), ("nginx", 4, "ngi…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…"),
    ("日本語", 4, "日…"), ("a", 0, ""), ("ab", 1, "…"), ("e\u{301}e\u{301}e", 2, "e\u{301}…"),
  ])
  func `a text is cut at the right column`(text: String, columns: Int, shown: String) {
    #expect(UntrustedText.cut(text, columns: columns, unicode: true) == shown)
    #expect(UntrustedText.columns(shown) <= columns)
  }

  @Test func `without Unicode the cut is marked in ASCII`() {
    #expect(UntrustedText.cut("nginx", columns: 4, unicode: false) == "ngi~")
  }

  @Test func `a cell has exactly its width, on either side`() {
    var line = ScreenLine()
    line.add(cell: "日本", width: 5, unicode: true)
    line.add("|")
    line.add(cell: "7", width: 3, side: .right, unicode: true)
    #expect(line.text == "日本 |  7")
    #expect(line.columns == 9)
  }

  @Test func `a line is cut across its pieces and keeps their emphasis`() {
    var line = ScreenLine("good ", .good)
    line.add("and bad", .bad)
    let cut = line.cut(to: 8, unicode: true)
    #expect(cut.text == "good an…")
    #expect(cut.pieces.map(\.emphasis) == [.good, .bad])
  }

  @Test func `a frame has as many lines as the terminal, none longer`() {
    let size = ScreenSize(columns: 10, rows: 3)
    let long = ScreenFrame(
      (0..<9).map { ScreenLine("line \($0) that is long") }, size: size, unicode: true)
    #expect(long.lines.count == 3)
    #expect(long.lines.allSatisfy { $0.columns == 10 })
    #expect(ScreenFrame([], size: size, unicode: true).lines.count == 3)
  }
}
