// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct TerminalKindTests {
  @Test(arguments: ["dumb", "unknown", "", "vt52", "emacs", "ibm3278", "wyse50", "dumb-emacs-ansi"])
  func `a terminal that cannot place the cursor our way is refused`(name: String) {
    #expect(TerminalKind(name) == nil)
  }

  @Test func `no TERM is no terminal`() { #expect(TerminalKind(nil) == nil) }

  @Test(arguments: [
    "xterm", "xterm-256color", "screen", "screen.xterm-256color", "tmux-256color",
    "rxvt-unicode", "alacritty", "foot", "st-256color", "xterm-kitty",
  ])
  func `a window has colour, symbols and another screen`(name: String) throws {
    let kind = try #require(TerminalKind(name))
    #expect(kind.hasColour && kind.hasOtherScreen && kind.hasSymbols)
  }

  @Test(arguments: ["vt100", "vt102", "vt220", "some-terminal-of-tomorrow"])
  func `a serial terminal gets the least`(name: String) throws {
    let kind = try #require(TerminalKind(name))
    #expect(!kind.hasColour && !kind.hasOtherScreen && !kind.hasSymbols)
  }

  @Test func `the Linux console has colour and a small font`() throws {
    let kind = try #require(TerminalKind("linux"))
    #expect(kind.hasColour && !kind.hasSymbols)
  }
}
