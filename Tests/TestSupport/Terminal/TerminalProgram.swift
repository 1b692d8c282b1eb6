// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// The built `closewatch` at a terminal of its own: what it does differently there, and on Ctrl-C.
package final class TerminalProgram {
  /// What of it is on the terminal; the other one is a file.
  package struct Streams: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let output = Streams(rawValue: 1)
    package static let errors = Streams(rawValue: 2)
    /// What a person types: see ``TerminalProgram/type(_:)``. Without, it is empty.
    package static let input = Streams(rawValue: 4)
  }

  package let pid: pid_t
  private let terminal: Int32
  private let file: Int32
  private var bytes: [UInt8] = []
  private var status: Int32?

  /// - Returns: nil when there is no terminal to be had, or the program could not be started.
  package init?(_ arguments: [String], on streams: Streams, environment: [String] = []) {
    // pty(7): the Glibc module leaves posix_openpt(3) and its kin out.
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0, let other = Command.temporaryFile() else { return nil }
    terminal = master
    file = other
    var lock: CInt = 0
    let unlocked = ioctl(master, 0x4004_5431 /* TIOCSPTLCK */, &lock)
    let slave = ioctl(master, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard unlocked == 0, slave >= 0 else {
      pid = -1
      return nil
    }
    defer { close(slave) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if streams.contains(.input) {
      posix_spawn_file_actions_adddup2(&actions, slave, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, streams.contains(.output) ? slave : other, 1)
    posix_spawn_file_actions_adddup2(&actions, streams.contains(.errors) ? slave : other, 2)
    // The threads that run tests block signals, and a program that is started inherits that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var argv = ([Command.path] + arguments).map { strdup($0) } + [nil]
    var envp = (["PATH=/usr/bin:/bin"] + environment).map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var started: pid_t = 0
    let code = posix_spawn(
      &started, Command.path, &actions, &attributes, &argv, &envp)
    pid = code == 0 ? started : -1
    guard code == 0 else { return nil }
  }

  deinit {
    if pid > 0, status == nil { end(within: 0) }
    close(terminal)
    close(file)
  }

  /// What the terminal has been given so far.
  package var shown: String { String(decoding: bytes, as: UTF8.self) }

  /// What went to the file.
  package var written: String { Command.contents(file) }

  /// Whether the terminal is given `text` before the program ends or the time is over.
  package func shows(_ text: String, within seconds: Double = 20) -> Bool {
    for _ in 0..<Int(seconds * 100) {
      if shown.contains(text) { return true }
      if !read() { return shown.contains(text) }
    }
    return false
  }

  /// Types at the terminal.
  package func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(terminal, bytes, bytes.count)
  }

  /// What Ctrl-C does.
  package func interrupt() { kill(pid, SIGINT) }

  /// Waits until it has ended; then it is killed.
  ///
  /// - Returns: Its exit status; 128 + the number of the signal that ended it.
  @discardableResult
  package func end(within seconds: Double = 20) -> Int32 {
    var raw: Int32 = 0
    for _ in 0..<Int(seconds * 100) where status == nil {
      if waitpid(pid, &raw, WNOHANG) == pid { status = Self.code(raw) } else { _ = read() }
    }
    if status == nil {
      kill(pid, SIGKILL)
      waitpid(pid, &raw, 0)
      status = Self.code(raw)
    }
    while read() {}
    return status ?? -1
  }

  private static func code(_ raw: Int32) -> Int32 {
    raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + raw & 0x7f
  }

  /// Waits up to 10 ms for what the program writes.
  ///
  /// - Returns: false when nobody has the terminal open any more.
  private func read() -> Bool {
    var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 10) > 0 else { return status == nil }
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(terminal, &chunk, chunk.count)
    guard count > 0 else {
      // EIO: the last descriptor on the other side is closed.
      usleep(10_000)
      return false
    }
    bytes += chunk[..<count]
    return true
  }
}
