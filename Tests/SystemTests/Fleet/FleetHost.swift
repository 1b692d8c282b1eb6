// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A host of a fleet: a shell in network, process and mount namespaces of its own. What it has
/// started sees no process and no socket of another host, and ends with it, however it ends.
final class FleetHost {
  let name: String
  private let shell: ChildProgram

  /// Reads a command a line, runs it, and ends its output with a line that is only a dot. It is the
  /// first process of its namespace: when it ends, the kernel kills the rest.
  private static let script = """
    mount -t tmpfs tmpfs /run && ip link set lo up || exit 1
    while read -r line; do eval "$line"; echo .; done
    """

  init(_ name: String) throws {
    self.name = name
    shell = try ChildProgram(
      "unshare",
      [
        "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c",
        Self.script,
      ])
    // When it answers, the namespaces stand.
    try run("true")
  }

  /// Runs a command in it. One that goes on in the background must write elsewhere.
  ///
  /// - Returns: The lines it wrote.
  @discardableResult
  func run(_ command: String, within seconds: Double = 60) throws -> [String] {
    shell.send(command)
    var lines: [String] = []
    do {
      while let line = try shell.readLine(within: seconds) {
        if line == "." { return lines }
        lines.append(line)
      }
    } catch {
      throw ChildProgram.Failure("\(name): no end of \(command) in \(seconds) s: \(lines)")
    }
    throw ChildProgram.Failure("the shell of \(name) has ended; its last lines: \(lines)")
  }

  /// Joins two hosts by a cable.
  ///
  /// - Parameter network: The third number of their addresses, 10.77.`network`.1 for this one and
  ///   10.77.`network`.2 for the other.
  func join(_ other: FleetHost, network: Int) throws {
    let made = try ChildProgram.run(
      "ip",
      [
        "link", "add", "to-\(network)", "netns", "\(shell.pid)", "type", "veth", "peer", "name",
        "eth0", "netns", "\(other.shell.pid)",
      ])
    guard made.status == 0 else { throw ChildProgram.Failure("ip link add: \(made.lines)") }
    try raise("to-\(network)", "10.77.\(network).1/24")
    try other.raise("eth0", "10.77.\(network).2/24")
  }

  private func raise(_ link: String, _ address: String) throws {
    let lines = try run("ip address add \(address) dev \(link) 2>&1; ip link set \(link) up 2>&1")
    guard lines.isEmpty else { throw ChildProgram.Failure("\(name): \(lines)") }
  }
}

/// Asks again and again, for at most `seconds`.
///
/// - Throws: ``ChildProgram/Failure`` with the last answer, when none was wanted.
func waitFor<Answer>(
  _ what: String, seconds: Double = 60, _ ask: () throws -> Answer, until isWanted: (Answer) -> Bool
) throws -> Answer {
  let limit = RunningDaemon.monotonicSeconds + seconds
  while true {
    let answer = try ask()
    if isWanted(answer) { return answer }
    guard RunningDaemon.monotonicSeconds < limit else {
      throw ChildProgram.Failure("\(what): not in \(seconds) s; the last answer: \(answer)")
    }
    usleep(200_000)
  }
}
