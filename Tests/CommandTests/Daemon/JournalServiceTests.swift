// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import KernelTables
import TestSupport
import Testing

@testable import closewatchd

/// The built daemon and a real systemd-journald.
@Suite(.serialized) struct JournalServiceTests {
  private static let start = """
    \(Command.path) daemon --set sampling.interval=100ms --set sampling.full-interval=500ms \
    --set sampling.cpu-budget=100% --set rules.patience=1s --set rules.quiet=1s \
    </dev/null 2>/run/log.txt & daemon=$!
    """

  /// The one entry of a finding of this process, as journalctl tells it.
  private static func entry(
    _ event: String, of pid: Int32, in journal: PrivateJournal
  ) throws -> [String: String] {
    let query = """
      journalctl -D /run/log/journal -q -o json --all CLOSEWATCH_EVENT=\(event) \
      CLOSEWATCH_PID=\(pid) CLOSEWATCH_STATE=CLOSE_WAIT
      """
    let lines = try journal.wait(for: query) { !$0.isEmpty }
    #expect(lines.count == 1, "\(lines)")
    struct Text: Decodable {
      var words: String
      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        words = (try? value.decode(String.self)) ?? "(several)"
      }
    }
    return try JSONDecoder().decode([String: Text].self, from: Data(lines[0].utf8))
      .mapValues(\.words)
  }

  @Test(.requires(.root, .networkNamespaces, .mountNamespaces, .command("journalctl")))
  func `an event is an entry with typed fields, also when journald comes back late`() throws {
    let journal = try PrivateJournal()
    try journal.run(Self.start)
    let pid = try Lab.with("close-wait", count: 7) { lab in
      _ = try journal.wait(for: "cat /run/log.txt") { lines in
        lines.contains { $0.contains("firing") && $0.contains("SocketLab[\(lab.pid)]") }
          && lines.contains { $0.contains("the journal accepts no entries, they are kept") }
      }
      try journal.run("start_journald")
      let fields = try Self.entry("firing", of: lab.pid, in: journal)
      #expect(fields["CLOSEWATCH_SOCKETS"] == "21")
      #expect(fields["CLOSEWATCH_OWNER"] == "SocketLab")
      #expect(fields["CLOSEWATCH_NETNS"] == String(lab.namespace.rawValue))
      #expect(fields["CLOSEWATCH_LOCAL_PORT"] == lab.rows.first.map { String($0.local.port) })
      #expect(fields["PRIORITY"] == "4")
      #expect(fields["SYSLOG_IDENTIFIER"] == "closewatch")
      #expect(fields["MESSAGE"]?.contains("SocketLab[\(lab.pid)]: 21 sockets") == true)
      #expect(fields["MESSAGE_ID"]?.count == 32)
      // What journald itself has looked up of the process that OBJECT_PID names.
      #expect(fields["OBJECT_COMM"] == "SocketLab")
      #expect(fields["_COMM"] == "closewatchd")
      return lab.pid
    }
    let resolved = try Self.entry("resolved", of: pid, in: journal)
    #expect(resolved["OBJECT_PID"] == nil)
    let log = try journal.run("cat /run/log.txt")
    #expect(log.contains { $0.contains("the journal accepts entries again") })
  }

  @Test(.requires(.root, .networkNamespaces, .mountNamespaces, .command("journalctl")))
  func `a journald that is restarted loses nothing`() throws {
    let journal = try PrivateJournal()
    try journal.run("start_journald")
    _ = try journal.wait(for: "ls /run/systemd/journal") { $0.contains("socket") }
    try journal.run(Self.start)
    let pid = try Lab.with("close-wait", count: 5) { lab in
      _ = try Self.entry("firing", of: lab.pid, in: journal)
      try journal.run("stop_journald")
      return lab.pid
    }
    _ = try journal.wait(for: "cat /run/log.txt") { lines in
      lines.contains { $0.contains("resolved") && $0.contains("SocketLab[\(pid)]") }
    }
    try journal.run("start_journald")
    _ = try Self.entry("resolved", of: pid, in: journal)
  }
}
