// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A terminal with a shell in it, driven by tmux(1): what a person types, and what is shown.
package final class TmuxSession {
  private let name: String
  private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "PS1=$ "]

  /// Starts a shell with job control in a terminal of its own.
  ///
  /// - Parameters:
  ///   - term: What the shell says of its terminal; tmux understands all of ECMA-48.
  ///   - locale: `C.UTF-8`, or `C` for ASCII.
  package init(
    columns: Int, rows: Int, term: String = "screen-256color", locale: String = "C.UTF-8"
  ) throws {
    name = "closewatch-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
    let shell =
      ["env", "-i"] + Self.environment
      + ["TERM=\(term)", "LC_ALL=\(locale)", "bash", "--norc", "--noprofile", "-i"]
    try tmux(
      ["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)"] + shell)
    // What follows is typed at the prompt, not before it.
    guard shows("$") else { throw ChildProgram.Failure("no shell in tmux: \(screen)") }
  }

  deinit { close() }

  /// Ends the terminal and what runs in it.
  package func close() { _ = try? ChildProgram.run("tmux", ["-L", name, "kill-server"]) }

  /// Presses keys by tmux' names, such as `Enter`, `C-c` and `Down`.
  package func press(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

  /// Types text as it is.
  package func type(_ text: String) throws { try tmux(["send-keys", "-l", text]) }

  /// Types a command, and Enter.
  package func run(_ command: String) throws {
    try type(command)
    try press("Enter")
  }

  /// Gives the terminal another size.
  package func resize(columns: Int, rows: Int) throws {
    try tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
  }

  /// What is on the screen, without spaces at the ends of lines.
  package var screen: String {
    let run = try? ChildProgram.run("tmux", ["-L", name, "capture-pane", "-p"])
    return run?.lines.joined(separator: "\n") ?? ""
  }

  /// Whether the screen comes to hold `text` in time.
  package func shows(_ text: String, within seconds: Double = 60) -> Bool {
    becomes(within: seconds) { $0.contains(text) }
  }

  /// Whether the screen comes to be as wanted in time.
  package func becomes(within seconds: Double = 60, _ wanted: (String) -> Bool) -> Bool {
    for _ in 0..<Int(seconds * 20) {
      if wanted(screen) { return true }
      usleep(50_000)
    }
    return wanted(screen)
  }

  private func tmux(_ arguments: [String]) throws {
    let run = try ChildProgram.run("tmux", ["-L", name] + arguments)
    guard run.status == 0 else {
      throw ChildProgram.Failure("tmux \(arguments): status \(run.status) \(run.lines)")
    }
  }
}
