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
    let output = try pair(program)
    defer { close(output.own) }
    let errors: Ends
    do throws(SystemCallError) {
      errors = try pair(program)
    } catch {
      close(output.its)
      throw error
    }
    defer { close(errors.own) }
    let started = Result { () throws(SystemCallError) in
      try start(program, arguments, output: output.its, errors: errors.its)
    }
    // Once they are the program's alone, they end with it.
    close(output.its)
    close(errors.its)
    let pid = try started.get()
    let words = drain(output.own, errors.own, pid, body)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    let line = String(decoding: words.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return Outcome(status: code, firstError: line.isEmpty ? "exit status \(code)" : line)
  }

  private struct Ends {
    var own: Int32
    var its: Int32
  }

  /// Two ends of one socket, and not a pipe: close-on-exec in one call, so that a program that is
  /// started meanwhile cannot keep it open.
  private static func pair(_ program: String) throws(SystemCallError) -> Ends {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = try systemCall("socketpair", on: program) { socketpair(AF_UNIX, kind, 0, &ends) }
    return Ends(own: ends[0], its: ends[1])
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
