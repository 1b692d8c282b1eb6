// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What another program writes, piece by piece while it runs.
enum ProgramOutput {
  /// How it ended.
  struct Outcome {
    /// Its exit status; 128 and more: the signal that ended it.
    var status: Int32
    /// The first line of what it wrote to standard error, or its status.
    var firstError: String
  }

  /// Runs a program of the PATH to its end, with nothing to read. One whose output is not wanted
  /// any more is ended.
  ///
  /// - Parameter body: Gets each piece of standard output, and returns whether to go on.
  /// - Throws: ``SystemCallError`` when it could not be started: ENOENT when it is not there.
  static func read(
    _ program: String, _ arguments: [String], _ body: (ArraySlice<UInt8>) -> Bool
  ) throws(SystemCallError) -> Outcome {
    var (output, errors): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    _ = try systemCall("pipe", on: program) { pipe2(&output, O_CLOEXEC) }
    defer { close(output[0]) }
    do throws(SystemCallError) {
      _ = try systemCall("pipe", on: program) { pipe2(&errors, O_CLOEXEC) }
    } catch {
      close(output[1])
      throw error
    }
    defer { close(errors[0]) }
    let pid: pid_t
    do throws(SystemCallError) {
      defer {
        close(output[1])
        close(errors[1])
      }
      pid = try start(program, arguments, output: output[1], errors: errors[1])
    }
    let words = drain(output[0], errors[0], pid, body)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    let line = String(decoding: words.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return Outcome(status: code, firstError: line.isEmpty ? "exit status \(code)" : line)
  }

  private static func start(
    _ program: String, _ arguments: [String], output: Int32, errors: Int32
  ) throws(SystemCallError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid = pid_t()
    let code = posix_spawnp(&pid, program, &actions, nil, &words, environ)
    guard code == 0 else { throw SystemCallError("posix_spawn", on: program, errno: code) }
    return pid
  }

  /// Reads both until they end, the program as long as `body` wants more of it.
  ///
  /// - Returns: The beginning of what it wrote to standard error.
  private static func drain(
    _ output: Int32, _ errors: Int32, _ pid: pid_t, _ body: (ArraySlice<UInt8>) -> Bool
  ) -> [UInt8] {
    var words: [UInt8] = []
    var isWanted = true
    var chunk = [UInt8](repeating: 0, count: 65536)
    var waiting = [output, errors].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while waiting.contains(where: { $0.fd >= 0 }) {
      if poll(&waiting, 2, -1) < 0 { continue }
      for index in waiting.indices where waiting[index].fd >= 0 && waiting[index].revents != 0 {
        let count = Glibc.read(waiting[index].fd, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          // poll(2) passes over it from now on.
          waiting[index].fd = -1
          continue
        }
        if waiting[index].fd == errors {
          if words.count < 4096 { words += chunk[..<count] }
        } else if isWanted, !body(chunk[..<count]) {
          isWanted = false
          kill(pid, SIGTERM)
        }
      }
    }
    return words
  }
}
