// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// A program that a test has started and talks with over its standard input and output.
///
/// Both are one unix socket: made with close-on-exec in one call, so that a program which another
/// test starts at the same moment cannot keep it open.
package final class ChildProgram {
  /// What went wrong with a program, in words.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
  }

  package let pid: pid_t
  private let socket: Int32
  private var buffer: [UInt8] = []
  private var isReaped = false

  /// Starts `path` with `arguments`; standard error stays that of the tests.
  package init(_ path: String, _ arguments: [String]) throws(Failure) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Failure("socketpair: \(errno)") }
    defer { close(ends[1]) }
    socket = ends[0]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    // The threads that run tests block signals, and a program that is started inherits that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var started: pid_t = 0
    let code = posix_spawnp(&started, path, &actions, &attributes, &argv, environ)
    pid = started
    guard code == 0 else {
      close(ends[0])
      isReaped = true
      throw Failure("cannot start \(path): errno \(code)")
    }
  }

  deinit {
    if !isReaped { end() }
    close(socket)
  }

  /// Writes one line to its standard input.
  package func send(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// The next line of its standard output; nil at the end of it.
  ///
  /// - Throws: ``Failure`` when `seconds` pass without one.
  package func readLine(within seconds: Double = 60) throws(Failure) -> String? {
    let limit = monotonicSeconds() + seconds
    while true {
      if let newline = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: buffer[..<newline], as: UTF8.self)
        buffer.removeSubrange(...newline)
        return line
      }
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let left = limit - monotonicSeconds()
      guard left > 0, poll(&waiting, 1, Int32(left * 1000) + 1) != 0 else {
        throw Failure("process \(pid) said nothing for \(seconds) s")
      }
      var chunk = [UInt8](repeating: 0, count: 65536)
      let got = recv(socket, &chunk, chunk.count, 0)
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { return nil }
      buffer.append(contentsOf: chunk[..<got])
    }
  }

  /// Closes its input and waits until it has ended, at most 5 s; then it is killed.
  ///
  /// - Returns: Its exit status; 128 + the number of the signal that ended it.
  @discardableResult
  package func end() -> Int32 {
    guard !isReaped else { return 0 }
    isReaped = true
    shutdown(socket, Int32(SHUT_WR))
    var status: Int32 = 0
    let limit = monotonicSeconds() + 5
    while waitpid(pid, &status, WNOHANG) == 0 {
      if monotonicSeconds() > limit {
        kill(pid, SIGKILL)
        waitpid(pid, &status, 0)
        break
      }
      usleep(1000)
    }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// Runs a program to its end.
  ///
  /// - Returns: Its exit status and the lines it wrote.
  package static func run(
    _ path: String, _ arguments: [String]
  ) throws(Failure) -> (status: Int32, lines: [String]) {
    let program = try ChildProgram(path, arguments)
    var lines: [String] = []
    while let line = try program.readLine(within: 60) { lines.append(line) }
    return (program.end(), lines)
  }

  /// The path of a program that this package builds: it stands beside the tests' own.
  package static func built(_ name: String) -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    let bytes = path[..<max(0, length)].map { UInt8(bitPattern: $0) }
    let folder = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[..<$0] } ?? bytes[...]
    return String(decoding: folder, as: UTF8.self) + "/" + name
  }
}

private func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
