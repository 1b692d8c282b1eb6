// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// The stories of a real daemon, read from a real journal.
@Suite(.serialized) struct HistoryTests {
  private static let start = """
    \(Command.path) daemon --set sampling.interval=100ms --set sampling.full-interval=500ms \
    --set sampling.cpu-budget=100% --set rules.patience=1s --set rules.quiet=1s \
    --web.listen-address none </dev/null 2>/run/log.txt & daemon=$!
    """

  /// A story, as far as the tests ask.
  private struct Story: Decodable {
    struct Sockets: Decodable {
      var at_begin: Int?
      var peak: Int
      var last: Int
    }
    var rule: String
    var status: String
    var pid: Int32?
    var began: Double
    var began_known_by: String
    var ended: Double?
    var fired_seconds: Double?
    var no_end_because: String?
    var worsened_count: Int
    var sockets: Sockets
  }

  private struct Page: Decodable {
    var stories: [Story]
    var still_firing: Int
  }

  /// A journal in which the host's own files are not seen either.
  private static func journal() throws -> PrivateJournal {
    let journal = try PrivateJournal()
    try journal.run("mkdir -p /var/log/journal; mount -t tmpfs tmpfs /var/log/journal")
    return journal
  }

  private static func runningJournal() throws -> PrivateJournal {
    let journal = try journal()
    try journal.run("start_journald")
    _ = try journal.wait(for: "ls /run/systemd/journal") { $0.contains("socket") }
    return journal
  }

  /// Asks until the story of `pid` is as wanted; every question must be answered.
  private static func story(
    of pid: Int32, in journal: PrivateJournal, _ options: String = "",
    _ isWanted: (Story) -> Bool
  ) throws -> Story {
    var found: Story?
    let command = "\(Command.path) history --rule close-wait-leak --json \(options)"
    _ = try journal.wait(for: command) { lines in
      let text = Data(lines.joined(separator: "\n").utf8)
      guard let page = try? JSONDecoder().decode(Page.self, from: text) else { return false }
      found = page.stories.first { $0.pid == pid }
      return found.map(isWanted) ?? false
    }
    return try #require(found)
  }

  private static func status(of command: String, in journal: PrivateJournal) throws -> [String] {
    try journal.run("\(Command.path) \(command) 2>&1; echo \"status $?\"")
  }

  @Test(.requires(.root, .networkNamespaces, .mountNamespaces))
  func `a leak that begins, gets worse and ends is one story, over a rotation`() throws {
    let journal = try Self.runningJournal()
    try journal.run(Self.start)
    let server = try ChildProgram(Command.path, ["demo-server"])
    #expect(try server.readLine() == "ready")
    let pid = server.pid
    let begun = try Self.story(of: pid, in: journal) { _ in true }
    #expect(begun.status == "firing" && begun.began_known_by == "entry")
    let firing = try Self.status(of: "history", in: journal)
    #expect(firing.contains { $0.contains("demo-server[\(pid)]") })
    #expect(firing.contains { $0.contains("still firing") })
    #expect(firing.last == "status 1")
    let worse = try Self.story(of: pid, in: journal) { $0.worsened_count > 0 }
    #expect(worse.sockets.peak >= 2 * (worse.sockets.at_begin ?? Int.max))
    // The beginning is in a file of the past from now on.
    try journal.run("kill -USR2 $journald")
    _ = try journal.wait(for: "ls /run/log/journal/*") { lines in
      lines.contains { $0.hasPrefix("system@") }
    }
    server.end()
    let over = try Self.story(of: pid, in: journal) { $0.status == "resolved" }
    #expect(over.began == begun.began)
    #expect(over.sockets.at_begin == begun.sockets.at_begin)
    #expect(over.worsened_count >= worse.worsened_count)
    let ended = try #require(over.ended)
    let fired = try #require(over.fired_seconds)
    #expect(ended > over.began && abs(ended - over.began - fired) < 0.01)
    let text = try Self.status(of: "history --since 1h", in: journal)
    #expect(text.contains { $0.hasPrefix("  ended     ") && $0.contains(" after ") })
    #expect(text.allSatisfy { $0.count <= 79 })
    // Without the file of the past, its beginning is reckoned.
    try journal.run("mkdir /run/copy; cp /run/log/journal/*/system.journal /run/copy")
    let cut = try Self.story(of: pid, in: journal, "--directory /run/copy") { _ in true }
    #expect(cut.began_known_by == "reckoned" && cut.status == "resolved")
    // Reckoned by the daemon's clock: it knew before it wrote.
    #expect(cut.began <= ended && abs(cut.began - over.began) < 60)
  }

  @Test(.requires(.root, .networkNamespaces, .mountNamespaces))
  func `a daemon that was killed leaves a story without an end`() throws {
    let journal = try Self.runningJournal()
    try journal.run(Self.start)
    let server = try ChildProgram(Command.path, ["demo-server"])
    #expect(try server.readLine() == "ready")
    _ = try Self.story(of: server.pid, in: journal) { $0.status == "firing" }
    try journal.run("kill -KILL $daemon; wait $daemon 2>/dev/null; daemon=")
    let untold = try Self.story(of: server.pid, in: journal) { $0.status == "unknown" }
    #expect(untold.no_end_because == "daemon-gone" && untold.fired_seconds == nil)
    // What the service manager says of the daemon's unit is a time.
    try journal.run(
      "printf 'MESSAGE_ID=9d1aaa27d60140bd96365438aad20286\\nUNIT=closewatch.service\\n' "
        + "| logger --journald")
    let stopped = try Self.story(of: server.pid, in: journal) {
      $0.no_end_because == "daemon-stopped"
    }
    #expect(stopped.status == "unknown")
    let text = try Self.status(of: "history", in: journal)
    #expect(text.contains { $0.contains("The daemon stopped at ") })
    #expect(text.last == "status 0")
  }

  @Test(.requires(.root, .mountNamespaces))
  func `without a journal one line says so`() throws {
    let journal = try Self.journal()
    let lines = try Self.status(of: "history", in: journal)
    #expect(lines.count == 2 && lines.last == "status 2")
    #expect(lines.first?.hasPrefix("closewatch: there is no journal on this machine") == true)
    for place in ["--directory /run/nothing", "--file /run/nothing.journal"] {
      let lines = try Self.status(of: "history \(place)", in: journal)
      #expect(lines.count == 2 && lines.last == "status 2", "\(lines)")
      #expect(lines.first?.contains("there is no journal file") == true)
    }
    try journal.run("echo nonsense >/run/bad.journal")
    let bad = try Self.status(of: "history --file /run/bad.journal", in: journal)
    #expect(bad.count == 2 && bad.last == "status 2", "\(bad)")
  }

  @Test(.requires(.root, .mountNamespaces, .command("setpriv"), .command("logger")))
  func `what an ordinary user writes into the journal is no history of the host`() throws {
    let journal = try Self.runningJournal()
    let catalog = try #require(
      readBytes(Fixtures.directory + "/../../deploy/closewatch.catalog"))
    let identity = String(decoding: catalog, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("-- ") }?.dropFirst(3)
    let fields = ["MESSAGE_ID=\(identity ?? "")", "MESSAGE=forged", "CLOSEWATCH_EVENT=firing"]
    for user in ["65534", "0"] {
      try journal.run(
        "printf '%s\\n' \(fields.joined(separator: " ")) | setpriv --reuid \(user) --clear-groups "
          + "logger --journald")
    }
    let page = try journal.wait(for: "\(Command.path) history 2>&1; echo \"status $?\"") { lines in
      lines.contains { $0.contains("not understood") }
    }
    let text = page.joined(separator: " ")
    // That of root counts, and has no sense.
    #expect(text.contains("1 entry not understood"), "\(page)")
    #expect(text.contains("1 entry ignored"), "\(page)")
    #expect(text.contains("uid 65534"), "\(page)")
    #expect(page.last == "status 0")
  }

  @Test(.requires(.root, .mountNamespaces, .command("setpriv")))
  func `a user who may not read the journal is told the remedy`() throws {
    let journal = try Self.runningJournal()
    _ = try journal.wait(for: "ls /run/log/journal/*") { $0.contains("system.journal") }
    try journal.run("cp \(Command.path) /run/closewatch; chmod 755 /run /run/closewatch")
    let lines = try journal.run(
      "setpriv --reuid 65534 --regid 65534 --clear-groups /run/closewatch history 2>&1; "
        + "echo \"status $?\"")
    #expect(lines.count == 2 && lines.last == "status 2", "\(lines)")
    #expect(lines.first?.contains("usermod -aG systemd-journal") == true)
  }
}
