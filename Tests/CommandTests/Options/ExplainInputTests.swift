// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is pasted into `explain`, and piped.
@Suite struct ExplainInputTests {
  /// - Parameter format: Of printf(1).
  private func piped(_ format: String, _ arguments: String = "") throws -> [String] {
    try ChildProgram.run(
      "sh",
      [
        "-c",
        "printf \"$1\" | LC_ALL=C \"$0\" explain \(arguments) 2>&1; echo \"status $?\"",
        Command.path, format,
      ]
    ).lines
  }

  @Test func `a table of states is explained, and the one that matters is named`() throws {
    let lines = try piped("  814 TIME_WAIT\\n  312 CLOSE_WAIT\\n    1 established)\\n")
    #expect(lines.contains("Look at CLOSE_WAIT first: 312."))
    #expect(lines.last == "status 0")
  }

  @Test func `a line of ss, a message of a log and a single word are explained`() throws {
    let socket = try piped("CLOSE-WAIT 1 0 10.0.0.5:80 10.0.0.9:4\\n", "-")
    #expect(socket.first == "CLOSE_WAIT: 10.0.0.5:80 -> 10.0.0.9:4", "\(socket)")
    let message = try piped("accept4() failed (24: Too many open files)\\n")
    #expect(message.first?.hasPrefix("too-many-open-files: ") == true, "\(message)")
    let word = try piped("EMFILE\\n", "--json")
    #expect(word.first?.contains(#""name":"too-many-open-files""#) == true, "\(word)")
  }

  @Test func `words that were not quoted are one message`() throws {
    let run = try #require(Command.run(["explain", "cannot", "assign", "requested", "address"]))
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("address-not-available: "))
    let line = ["explain", "ESTAB", "0", "0", "10.0.0.5:22", "10.0.0.9:4"]
    #expect(try #require(Command.run(line)).output.hasPrefix("ESTABLISHED: 10.0.0.5:22 -> "))
  }

  @Test func `what is nothing of the kind is refused in one line, whatever is in it`() throws {
    for (text, says) in [
      ("hello \\033[2J world, this is a text about nothing at all, and it is long\\n", "ss -tanp"),
      ("0 0 10.0.0.5:80 10.0.0.9:4\\n", "no state"),
      ("\\377\\376\\000\\001\\n", "closewatch explain lists"),
    ] {
      let lines = try piped(text)
      #expect(lines.count == 2 && lines.last == "status 2", "\(lines)")
      #expect(lines.first?.contains(says) == true, "\(lines)")
      #expect(!lines.joined().contains("\u{1b}"))
    }
    let nothing = try piped("", "-")
    #expect(nothing.last == "status 2" && nothing.first?.contains("nothing came") == true)
    #expect(try piped("").last == "status 0", "an empty pipe is no paste: the list is shown")
  }

  @Test func `of a text without an end only the first 8 MiB are read`() throws {
    let lines = try ChildProgram.run(
      "sh",
      [
        "-c",
        "(echo CLOSE-WAIT 1 0 10.0.0.5:80 10.0.0.9:4; yes | tr -d '\\n') | \"$0\" explain",
        Command.path,
      ]
    ).lines
    #expect(lines.last == "The text was too long: its end was not read.")
  }
}
