// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct KeyDecoderTests {
  private func keys(_ text: String) -> [ScreenKey] {
    var decoder = KeyDecoder()
    return decoder.take(Array(text.utf8)) + decoder.timeOut()
  }

  @Test(arguments: [
    ("\u{1b}[A", ScreenKey.up), ("\u{1b}OA", .up), ("\u{1b}[1;5B", .down), ("\u{1b}[5~", .pageUp),
    ("\u{1b}[6~", .pageDown), ("\u{1b}[H", .home), ("\u{1b}[1~", .home), ("\u{1b}[7~", .home),
    ("\u{1b}OF", .end), ("\u{1b}[8~", .end), ("\u{1b}[3~", .delete), ("\u{1b}[Z", .backTab),
    ("\r", .enter), ("\n", .enter), ("\u{7f}", .backspace), ("\u{8}", .backspace), ("\t", .tab),
    ("\u{c}", .control("l")), ("\u{1b}", .escape), ("é", .character("é")), ("日", .character("日")),
  ])
  func `a sequence of any terminal is its key`(sent: String, key: ScreenKey) {
    #expect(keys(sent) == [key])
  }

  @Test func `a sequence that comes byte by byte is one key`() {
    var decoder = KeyDecoder()
    #expect(decoder.take([0x1b]) == [])
    #expect(decoder.isWaiting)
    #expect(decoder.take([UInt8(ascii: "[")]) == [])
    #expect(decoder.take([UInt8(ascii: "6")]) == [])
    #expect(decoder.take([UInt8(ascii: "~")]) == [.pageDown])
    #expect(!decoder.isWaiting)
    let wide = Array("日".utf8)
    #expect(decoder.take(wide[..<2]) == [])
    #expect(decoder.take(wide[2...]) == [.character("日")])
  }

  @Test func `Escape and a key right after it are two keys`() {
    #expect(keys("\u{1b}q") == [.escape, .character("q")])
    #expect(keys("\u{1b}\u{1b}[A") == [.escape, .up])
  }

  @Test func `a sequence that means nothing here is swallowed whole`() {
    #expect(keys("\u{1b}[[Aj") == [.character("j")])
    #expect(keys("\u{1b}[15~j") == [.character("j")])
    #expect(keys("\u{1b}[?1;2cj") == [.character("j")])
    #expect(keys("\u{1b}OPj") == [.character("j")])
  }

  @Test func `bytes that are no UTF-8 are dropped, and an endless sequence ends`() {
    var decoder = KeyDecoder()
    #expect(decoder.take([0xff, 0xc3, 0x28, 0x80, UInt8(ascii: "q")]).last == .character("q"))
    #expect(decoder.take([0x1b, 0x5b] + [UInt8](repeating: 0x31, count: 100)) == [])
    #expect(!decoder.isWaiting)
  }
}
