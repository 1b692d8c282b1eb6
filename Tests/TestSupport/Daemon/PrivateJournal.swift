// SPDX-License-Identifier: Apache-2.0

/// A shell in a mount namespace with a `/run` of its own, in which a systemd-journald of the
/// test's own can be started and stopped. Nothing of it reaches the host's journal.
package final class PrivateJournal {
  private let shell: ChildProgram

  /// Reads a command a line, runs it, and ends its output with a line that is only a dot.
  private static let script = """
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal || exit 1
    journald=; daemon=
    start_journald() { /lib/systemd/systemd-journald 2>/dev/null & journald=$!; }
    stop_journald() { kill "$journald"; wait "$journald"; }
    finish() { for pid in $daemon $journald; do kill "$pid" 2>/dev/null; done; wait; }
    trap finish EXIT
    while read -r line; do eval "$line"; echo .; done
    """

  package init() throws {
    shell = try ChildProgram("unshare", ["--mount", "bash", "-c", Self.script])
  }

  /// Runs a command in it.
  ///
  /// - Returns: The lines it wrote.
  @discardableResult
  package func run(_ command: String) throws -> [String] {
    shell.send(command)
    var lines: [String] = []
    while let line = try shell.readLine(within: 30) {
      if line == "." { return lines }
      lines.append(line)
    }
    throw ChildProgram.Failure("the shell has ended; its last lines: \(lines)")
  }

  /// Runs a command again and again until what it writes is wanted, for half a minute.
  package func wait(for command: String, _ isWanted: ([String]) -> Bool) throws -> [String] {
    var lines: [String] = []
    for _ in 0..<300 {
      lines = try run(command)
      if isWanted(lines) { return lines }
      try run("sleep 0.1")
    }
    throw ChildProgram.Failure("\(command): \(lines)")
  }
}
