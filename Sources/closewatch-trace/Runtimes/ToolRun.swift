// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost

/// A tool of a runtime, run to its end: of this host, never one that the target brings.
enum ToolRun {
  private static let folders = ["/usr/local/bin", "/usr/bin", "/bin"]

  /// - Parameters:
  ///   - seconds: Then it is killed.
  ///   - take: Called with its output as it comes.
  /// - Throws: ``HostError`` when it is not there, fails, or takes too long.
  static func run(
    _ words: [String], within seconds: Double, _ take: ([UInt8]) -> Void = { _ in }
  ) throws(HostError) {
    let candidates: [String] = folders.map { "\($0)/\(words[0])" }
    guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else {
      throw HostError("there is no \(words[0]) on this host; install a JDK's tools")
    }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      let error = SystemCallError("pipe", on: path, errno: errno)
      throw HostError("cannot start \(words[0]): \(error)")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let started = spawn(path, words, output: ends[1])
    close(ends[1])
    guard let pid = started else { throw HostError("cannot execute \(path)") }
    let isOver = read(ends[0], until: Clock.monotonicSeconds + seconds, take)
    if !isOver { kill(pid, SIGKILL) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    guard isOver else { throw HostError("\(words[0]) did not end within \(Int(seconds)) s") }
    guard status == 0 else {
      throw HostError("\(words.prefix(3).joined(separator: " ")) failed with status \(status >> 8)")
    }
  }

  private static func spawn(_ path: String, _ words: [String], output: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // Ctrl-C is held back here.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = words.map { strdup($0) } + [nil]
    let environment: [String] = ["PATH=" + folders.joined(separator: ":"), "LC_ALL=C"]
    var variables = environment.map { strdup($0) } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var pid: pid_t = 0
    let failed = posix_spawn(&pid, path, &actions, &attributes, &arguments, &variables)
    return failed == 0 ? pid : nil
  }

  /// - Returns: Whether it came to its end.
  private static func read(_ fd: Int32, until deadline: Double, _ take: ([UInt8]) -> Void) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while Clock.monotonicSeconds < deadline {
      var asked = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
      guard poll(&asked, 1, 100) > 0 else { continue }
      let got = Glibc.read(fd, &chunk, chunk.count)
      if got == 0 { return true }
      if got > 0 { take(Array(chunk[..<got])) } else if errno != EINTR { return false }
    }
    return false
  }
}
