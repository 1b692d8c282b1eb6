// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

struct TextStyleTests {
  @Test func `a command is never broken between quotes, where a backslash does not join lines`() {
    let command = "nsenter -t 4711 -n ss -tnpo state close-wait '( sport = :8080 )'"
    for columns in 1...80 {
      let lines = TextStyle().wrapCommand(command, columns: columns)
      #expect(lines.joined(separator: " ") == command)
      #expect(lines.contains { $0.contains("'( sport = :8080 )'") }, "\(columns): \(lines)")
    }
  }

  @Test func `a command within its columns is one line, and quotes hold the other kind`() {
    let command = "grep \"it's\" 'say \"x y\"' file"
    #expect(TextStyle().wrapCommand(command, columns: 79) == [command])
    #expect(
      TextStyle().wrapCommand(command, columns: 8)
        == ["grep", "\"it's\"", "'say \"x y\"'", "file"])
  }

  @Test func `a state and how many are in it are never on two lines, nor a number and its unit`() {
    let text = "Sockets: CLOSE_WAIT 1,088, LISTEN 12, ESTABLISHED 703, oldest in CLOSE_WAIT 30 s"
    let whole = ["CLOSE_WAIT 1,088,", "LISTEN 12,", "ESTABLISHED 703,", "CLOSE_WAIT 30 s"]
    for columns in 1...80 {
      let lines = TextStyle().wrap(text, columns: columns)
      #expect(lines.joined(separator: " ") == text)
      for words in whole {
        #expect(lines.contains { $0.contains(words) }, "\(columns): \(lines)")
      }
    }
  }
}
