// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

@testable import Reporting

@Suite struct ScreenWriterTests {
  private let size = ScreenSize(columns: 12, rows: 3)

  private func frame(_ texts: [String], chosen: Int = -1) -> ScreenFrame {
    let lines = texts.enumerated().map { index, text in
      var line = ScreenLine(text, .bad)
      line.isReverse = index == chosen
      return line
    }
    return ScreenFrame(lines, size: size, unicode: false)
  }

  private func writer(_ term: String, colour: Bool = true) throws -> ScreenWriter {
    ScreenWriter(try #require(TerminalKind(term)), colour: colour)
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `only the lines that have changed are written`() throws {
    var writer = try writer("xterm", colour: false)
    let first = text(writer.bytes(for: frame(["one", "two", "three"])))
    #expect(first.contains("\u{1b}[2J"))
    #expect(first.contains("one") && first.contains("two") && first.contains("three"))
    let second = text(writer.bytes(for: frame(["one", "TWO", "three"])))
    #expect(second == "\u{1b}[2;1H\u{1b}[1mTWO\u{1b}[0m\u{1b}[K")
    #expect(writer.bytes(for: frame(["one", "TWO", "three"])).isEmpty)
  }

  @Test func `after other output, and for another size, everything is written`() throws {
    var writer = try writer("xterm")
    _ = writer.bytes(for: frame(["one", "two", "three"]))
    writer.forget()
    #expect(text(writer.bytes(for: frame(["one", "two", "three"]))).contains("\u{1b}[2J"))
    let larger = ScreenFrame([], size: ScreenSize(columns: 13, rows: 3), unicode: false)
    #expect(text(writer.bytes(for: larger)).contains("\u{1b}[2J"))
  }

  @Test func `the chosen line is turned around to its end, without other colours`() throws {
    var writer = try writer("xterm")
    let shown = text(writer.bytes(for: frame(["one", "two", ""], chosen: 0)))
    #expect(shown.contains("\u{1b}[7mone         \u{1b}[0m"))
    #expect(shown.contains("\u{1b}[1;31mtwo\u{1b}[0m"))
  }

  @Test(arguments: [Severity.notice, .warning, .critical])
  func `a finding stands out in top as it does in triage`(severity: Severity) {
    let firing = FoundLeak.closeWait(severity: severity)
    #expect(OwnerWords.emphasis(firing) == Emphasis(severity))
    let pending = FoundLeak.closeWait(lifecycle: .pending, severity: severity)
    #expect(OwnerWords.emphasis(pending) == .plain)
  }

  @Test func `the last corner of the screen stays free`() throws {
    var writer = try writer("xterm", colour: false)
    let full = String(repeating: "x", count: 12)
    let shown = text(writer.bytes(for: frame([full, full, full])))
    // Nothing erases the line behind its last column.
    #expect(shown.contains("\u{1b}[1;1H\u{1b}[1m\(full)\u{1b}[0m\u{1b}[2;1H"))
    #expect(!shown.hasSuffix("\(full)\u{1b}[0m"))
  }

  @Test func `a VT100 gets no colour and no other screen, and is left clean`() throws {
    var writer = try writer("vt100")
    let shown = text(writer.bytes(for: frame(["one", "two", "three"])))
    #expect(!shown.contains("31m"))
    #expect(!text(writer.opening).contains("1049"))
    #expect(text(writer.closing).hasSuffix("\u{1b}[H\u{1b}[2J"))
    #expect(writer.closing.count <= 64)
  }

  @Test func `where there is another screen, it is opened and closed`() throws {
    let writer = try writer("tmux-256color")
    #expect(text(writer.opening).hasPrefix("\u{1b}[?1049h"))
    #expect(text(writer.closing).hasSuffix("\u{1b}[?1049l"))
    #expect(text(writer.closing).contains("\u{1b}[?25h"))
    #expect(writer.closing.count <= 64)
  }

  @Test func `the cursor shows while text is typed, and hides again`() throws {
    var writer = try writer("xterm")
    var typing = frame(["", "", "Filter: a"])
    typing.cursor = (2, 9)
    #expect(text(writer.bytes(for: typing)).hasSuffix("\u{1b}[3;10H\u{1b}[?25h"))
    #expect(text(writer.bytes(for: frame(["", "", "keys"]))).hasSuffix("\u{1b}[?25l"))
  }
}
