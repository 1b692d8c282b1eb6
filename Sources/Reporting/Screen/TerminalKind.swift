// SPDX-License-Identifier: Apache-2.0

/// What a terminal of a name can do: the little that a page of text needs. All of them understand
/// the sequences of a VT100 (ECMA-48).
package struct TerminalKind: Hashable, Sendable {
  /// SGR colours.
  package var hasColour = false
  /// A second screen, so that what was there comes back at the end (`smcup`, `rmcup`).
  package var hasOtherScreen = false
  /// Characters that are drawn, such as blocks: a console's font has few of them.
  package var hasSymbols = false

  /// - Parameter name: The variable TERM.
  /// - Returns: nil for a terminal that cannot place its cursor, or in another way.
  package init?(_ name: String?) {
    guard let name, !name.isEmpty else { return nil }
    let family = name.prefix { $0 != "-" && $0 != "." && $0 != "+" }.lowercased()
    guard !Self.others.contains(family), !family.hasPrefix("ibm327"), !family.hasPrefix("tvi"),
      !family.hasPrefix("wyse")
    else { return nil }
    if Self.drawn.contains(family) {
      hasColour = true
      hasOtherScreen = true
      hasSymbols = true
    } else if Self.consoles.contains(family) {
      hasColour = true
    }
    // xterm-mono, screen-mono: made for screens without colour.
    if name.contains("-mono") || name.hasSuffix("-m") { hasColour = false }
  }

  /// Not a screen, or one that speaks another language.
  private static let others: Set<String> = [
    "dumb", "unknown", "emacs", "network", "dialup", "lpr", "printer", "vt52", "adm3a", "hp",
    "tek4014", "glasstty",
  ]
  /// Windows that emulate a terminal. What is not named here or below is taken for a VT100.
  private static let drawn: Set<String> = [
    "xterm", "screen", "tmux", "rxvt", "alacritty", "kitty", "foot", "st", "konsole", "gnome",
    "vte", "iterm", "iterm2", "wezterm", "contour", "putty", "mintty", "ghostty", "eterm",
    "terminator", "terminology", "ms", "nsterm", "rio", "zellij", "dvtm", "mlterm", "stterm",
  ]
  /// Consoles with colour and a small font.
  private static let consoles: Set<String> = ["linux", "cons25", "ansi", "cygwin", "pcansi"]
}
