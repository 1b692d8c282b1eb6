// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct TopFrameTests {
  private func text(_ state: inout TopState, _ columns: Int, _ rows: Int) -> String {
    state.frame(ScreenSize(columns: columns, rows: rows), at: HostScript.instant(60)).text
  }

  @Test(arguments: [40, 50, 60, 80, 100, 120, 160, 200])
  func `the owners read well at any width`(columns: Int) throws {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    #expect(Golden.difference(text(&state, columns, 16), "top/owners-\(columns).txt") == nil)
  }

  @Test(arguments: [40, 80, 120])
  func `the sockets read well at any width`(columns: Int) throws {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    state.strike(.down, .enter, .escape, .home, .enter, .down)
    #expect(Golden.difference(text(&state, columns, 16), "top/sockets-\(columns).txt") == nil)
  }

  @Test(arguments: [60, 100])
  func `the page of a socket reads well at any width`(columns: Int) throws {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    state.strike(.enter, .enter)
    #expect(Golden.difference(text(&state, columns, 40), "top/socket-\(columns).txt") == nil)
  }

  @Test func `the page of a dead descriptor says what is known`() throws {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    state.type("/cron")
    state.strike(.enter, .enter, .enter)
    #expect(Golden.difference(text(&state, 80, 24), "top/dead-80.txt") == nil)
  }

  @Test func `the help reads well`() throws {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    state.strike(.character("h"))
    #expect(Golden.difference(text(&state, 80, 50), "top/help-80.txt") == nil)
  }

  @Test func `without Unicode everything is ASCII`() throws {
    var host = TopStory.busyHost()
    let odd = host.start("日本", pid: 77, executable: "/opt/日本語サービス")
    host.add(.opened(to: 443, by: odd).enters(.closeWait, at: 1))
    var state = try TopStory.state(host, until: 60, unicode: false)
    var shown = text(&state, 120, 20)
    #expect(Golden.difference(shown, "top/owners-ascii.txt") == nil)
    state.strike(.enter)
    shown += text(&state, 120, 20)
    state.strike(.enter)
    shown += text(&state, 120, 40)
    state.strike(.character("h"))
    shown += text(&state, 120, 60)
    #expect(shown.utf8.allSatisfy { $0 == 0x0a || (0x20..<0x7f).contains($0) })
  }

  @Test func `hostile and wide names keep every line in its columns`() throws {
    var host = TopStory.busyHost()
    let names = ["\u{1b}[2J\u{7}", "日本語の長い名前", "a\u{202e}b", "\u{200b}\u{301}\u{301}", ""]
    for (index, name) in names.enumerated() {
      let pid = host.start(name, pid: Int32(5000 + index), unit: "\(name)@\(name).service")
      host.add(.opened(to: 443, by: pid).enters(.closeWait, at: 1))
    }
    var state = try TopStory.state(host, until: 60)
    for columns in [40, 57, 80, 99, 131] {
      for row in 0..<8 {
        state.strike(.home)
        for _ in 0..<row { state.strike(.down) }
        for _ in 0..<3 {
          try checkFrame(&state, columns: columns)
          state.strike(.enter)
        }
        state.strike(.escape, .escape, .escape)
      }
    }
  }

  private func checkFrame(_ state: inout TopState, columns: Int) throws {
    let frame = state.frame(ScreenSize(columns: columns, rows: 20), at: HostScript.instant(60))
    #expect(frame.lines.count == 20)
    for line in frame.lines {
      #expect(UntrustedText.columns(line.text) <= columns)
      let isClean = !line.text.unicodeScalars.contains { UntrustedText.isUnsafe($0) }
      #expect(isClean, "\(line.text.debugDescription)")
    }
  }

  @Test func `a terminal of any size gets a frame of its size`() throws {
    var state = try TopStory.state(TopStory.busyHost(), until: 60)
    for keys in [[], [ScreenKey.enter], [.enter], [.character("h")]] {
      for key in keys { state.strike(key) }
      for columns in [1, 2, 7, 39, 40, 41, 80, 300] {
        for rows in [1, 2, 7, 8, 9, 24, 200] {
          let frame = state.frame(
            ScreenSize(columns: columns, rows: rows), at: HostScript.instant(60))
          #expect(frame.lines.count == rows)
          #expect(frame.lines.allSatisfy { $0.columns <= columns })
        }
      }
    }
    #expect(text(&state, 39, 20).contains("Too small"))
    #expect(text(&state, 40, 7).contains("Too small"))
  }

  @Test func `before the first look the page says so`() throws {
    var state = TopStory.empty()
    #expect(text(&state, 80, 10).contains("The first look is being taken."))
  }

  @Test func `a host without sockets has nothing to show, and says so`() throws {
    var state = try TopStory.state(HostScript(), until: 4)
    let shown = text(&state, 80, 10)
    #expect(shown.contains("no TCP sockets"))
    #expect(shown.contains("No process holds a TCP socket."))
  }
}
