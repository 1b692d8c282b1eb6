// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// `closewatch top` at a real terminal, on real sockets.
@Suite(.requires(.command("tmux"), .command("bash")))
struct TopTests {
  private static let quick = "--interval 500ms --patience 1s"

  /// A terminal in which `top` shows the sockets of a laboratory.
  private func top(
    on lab: Lab, columns: Int = 100, rows: Int = 30, term: String = "screen-256color"
  ) throws -> TmuxSession {
    let session = try TmuxSession(columns: columns, rows: rows, term: term)
    try session.run("\(Command.path) top --netns \(lab.pid) \(Self.quick)")
    return session
  }

  private func leak(_ body: (Lab) throws -> Void) throws {
    // Seven of each kind of unread input, with both ends in one process.
    try Lab.with("close-wait", count: 7, body)
  }

  @Test(.requires(.root, .networkNamespaces))
  func `from the owner of a real leak Enter leads to its sockets and to one of them`() throws {
    try leak { lab in
      let session = try top(on: lab)
      #expect(session.shows("CLOSE_WAIT 21!"), "\(session.screen)")
      #expect(session.becomes { $0.contains(" 33 ") }, "\(session.screen)")
      try session.press("Enter")
      #expect(session.becomes { $0.contains("RECV-Q") && $0.contains("127.0.0.1:") })
      #expect(session.screen.split(separator: "\n").count { $0.hasPrefix("  CLOSE_WAIT ") } >= 10)
      try session.type("/fin_wait2")
      try session.press("Enter")
      #expect(session.becomes { !$0.contains("\n  CLOSE_WAIT ") && $0.contains("▶ FIN_WAIT2") })
      try session.press("Down", "Down", "Enter")
      #expect(session.shows("held by"), "\(session.screen)")
      #expect(session.screen.contains("STUCK"))
      #expect(session.screen.contains("This side has closed its half"))
      #expect(session.screen.contains("on this host, in CLOSE_WAIT: SocketLab["))
      try session.press("Escape")
      #expect(session.shows("RECV-Q"))
      try session.press("Escape")
      #expect(session.shows("\n  CLOSE_WAIT "))
      try session.press("Left")
      #expect(session.shows("FINDING"))
    }
  }

  @Test(.requires(.root, .networkNamespaces))
  func `filter, sort, pause and help answer at once`() throws {
    try leak { lab in
      let session = try top(on: lab)
      #expect(session.shows("CLOSE_WAIT 21!"))
      try session.type("/no-such-owner")
      #expect(session.shows("No owner matches"))
      try session.press("Escape")
      #expect(session.becomes { !$0.contains("No owner matches") })
      try session.press("h")
      #expect(session.shows("Any other key goes back"))
      try session.press("x")
      #expect(session.becomes { !$0.contains("Any other key") && $0.contains("STUCK▼") })
      try session.press("s")
      #expect(session.shows("/MIN▼"))
      try session.press("r")
      #expect(session.shows("/MIN▲"))
      try session.press("Space")
      #expect(session.shows("PAUSED"))
      let paused = session.screen
      usleep(1_500_000)
      #expect(session.screen == paused)
      try session.press("p")
      #expect(session.becomes { !$0.contains("PAUSED") && $0 != paused })
    }
  }

  @Test(.requires(.root, .networkNamespaces))
  func `the page follows the size of the terminal, and one that is too small says so`() throws {
    try leak { lab in
      let session = try top(on: lab)
      #expect(session.shows("CLOSE_WAIT 21!"))
      #expect(session.screen.contains("WAITING"))
      try session.resize(columns: 60, rows: 12)
      #expect(session.becomes { !$0.contains("WAITING") && $0.contains("FINDING") })
      for step in 0..<40 { try session.resize(columns: 41 + step, rows: 9 + step % 20) }
      try session.resize(columns: 30, rows: 5)
      #expect(session.shows("Too small"))
      try session.resize(columns: 120, rows: 40)
      #expect(session.becomes { $0.contains("WAITING") && $0.contains("interval") })
    }
  }

  // MARK: The terminal afterwards

  /// Starts `top` with a mark on the screen before it, and its process and the settings of the
  /// terminal in files.
  private func begin(_ session: TmuxSession, in folder: TemporaryDirectory) throws -> pid_t {
    let run = "\(Command.path) top \(Self.quick) --netns $$"
    try session.run(
      "clear; stty -g > \(folder.path)/before; echo was-here-before; "
        + "bash -c 'echo $$ > \(folder.path)/pid; exec \(run)'; "
        + "echo status $?; stty -g > \(folder.path)/after; cmp \(folder.path)/before "
        + "\(folder.path)/after && echo same-settings")
    #expect(session.shows("closewatch top"), "\(session.screen)")
    #expect(session.shows("FINDING"), "\(session.screen)")
    #expect(!session.screen.contains("was-here-before"))
    let text = try String(decoding: readFile(folder.path + "/pid"), as: UTF8.self)
    return try #require(pid_t(text.filter(\.isNumber)))
  }

  private func readFile(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "re"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }

  private func isRestored(_ session: TmuxSession, status: Int32) -> Bool {
    session.becomes {
      $0.contains("same-settings") && $0.contains("was-here-before")
        && $0.contains("status \(status)")
    }
  }

  @Test(arguments: ["q", "C-c"])
  func `quitting leaves the screen and the settings as they were`(key: String) throws {
    let session = try TmuxSession(columns: 90, rows: 24)
    let folder = TemporaryDirectory()
    _ = try begin(session, in: folder)
    try session.press(key)
    #expect(isRestored(session, status: 0), "\(session.screen)")
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT])
  func `a signal that ends it leaves them too, and is its status`(signal: Int32) throws {
    let session = try TmuxSession(columns: 90, rows: 24)
    try session.run("export SWIFT_BACKTRACE=enable=no; ulimit -c 0")
    let folder = TemporaryDirectory()
    let pid = try begin(session, in: folder)
    kill(pid, signal)
    #expect(isRestored(session, status: 128 + signal), "\(session.screen)")
  }

  @Test func `Ctrl-Z gives the terminal to the shell, and fg takes it back`() throws {
    let session = try TmuxSession(columns: 90, rows: 24)
    try session.run("stty -g; echo settings; \(Command.path) top \(Self.quick) --netns $$")
    #expect(session.shows("FINDING"), "\(session.screen)")
    try session.press("C-z")
    #expect(session.shows("Stopped"), "\(session.screen)")
    #expect(session.screen.contains("settings"))
    try session.run("echo typed-$((40 + 2))")
    #expect(session.shows("typed-42"))
    try session.run("fg")
    #expect(session.becomes { $0.contains("FINDING") && !$0.contains("Stopped") })
    try session.press("h")
    #expect(session.shows("Any other key goes back"))
  }

  @Test func `it ends when its terminal goes away`() throws {
    let session = try TmuxSession(columns: 90, rows: 24)
    let folder = TemporaryDirectory()
    let pid = try begin(session, in: folder)
    session.close()
    var isAlive = true
    for _ in 0..<600 where isAlive {
      usleep(100_000)
      isAlive = kill(pid, 0) == 0
    }
    #expect(!isAlive)
  }

  // MARK: Other terminals

  @Test(.requires(.root, .networkNamespaces))
  func `a VT100 gets a page in ASCII`() throws {
    try leak { lab in
      let session = try top(on: lab, term: "vt100")
      #expect(session.shows("CLOSE_WAIT 21!"))
      #expect(session.screen.utf8.allSatisfy { $0 < 0x80 }, "\(session.screen)")
      #expect(session.screen.contains("STUCKv"))
      try session.press("Enter")
      #expect(session.shows("> CLOSE_WAIT"))
      #expect(session.screen.utf8.allSatisfy { $0 < 0x80 }, "\(session.screen)")
    }
  }

  @Test func `a terminal without a cursor to place is told what to use instead`() throws {
    let session = try TmuxSession(columns: 200, rows: 24, term: "dumb")
    try session.run("\(Command.path) top; echo status $?")
    #expect(session.shows("status 2"))
    #expect(session.screen.contains("TERM is dumb"))
    #expect(session.screen.contains("closewatch triage --for 60s"))
    #expect(session.screen.contains("closewatch sockets"))
  }

  @Test func `without a terminal one line says what to use instead`() throws {
    let run = try #require(Command.run(["top"]))
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors.hasPrefix("closewatch: top needs a terminal"))
    #expect(run.errors.contains("closewatch triage --for 60s"))
    #expect(run.errors.split(separator: "\n").count == 1)
  }

  @Test func `a namespace that is not there is an error before the page`() throws {
    let session = try TmuxSession(columns: 200, rows: 24)
    try session.run("\(Command.path) top --netns no-such-namespace; echo status $?")
    #expect(session.shows("status 2"))
    #expect(session.screen.contains("no-such-namespace"))
  }
}
