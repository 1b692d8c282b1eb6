// SPDX-License-Identifier: Apache-2.0

import Glibc

/// This program, run a second time in another role. It ends when the one that started it ends,
/// however that ends: the two share a socket, and its end is the sign.
package struct DemoProgram: ~Copyable {
  package let pid: Int32
  private let socket: Int32

  /// Starts `/proc/self/exe` with `arguments`, its standard input and output on the socket.
  ///
  /// - Throws: ``SystemCallError``.
  package init(_ arguments: [String]) throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = try systemCall("socketpair", on: "the demo") { socketpair(AF_UNIX, kind, 0, &ends) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var argv: [UnsafeMutablePointer<CChar>?] = (["closewatch"] + arguments).map { strdup($0) }
    argv.append(nil)
    defer { for argument in argv { free(argument) } }
    var started: pid_t = 0
    let code = posix_spawn(&started, "/proc/self/exe", &actions, nil, &argv, environ)
    guard code == 0 else {
      close(ends[0])
      throw SystemCallError("posix_spawn", on: "/proc/self/exe", errno: code)
    }
    pid = started
    socket = ends[0]
  }

  /// Its next line, at most 1 kB; what there is of it when it has ended or 10 s are over.
  package func readLine() -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while bytes.count < 1024 {
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 10_000) > 0, read(socket, &byte, 1) == 1, byte != 0x0a else { break }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Ends it: first by the sign, so that it can end its own, after 2 s by force.
  deinit {
    close(socket)
    var status: Int32 = 0
    for _ in 0..<400 {
      let ended = waitpid(pid, &status, WNOHANG)
      if ended == pid || (ended < 0 && errno != EINTR) { return }
      usleep(5000)
    }
    kill(pid, SIGKILL)
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  /// In the started program: waits for at most `milliseconds`.
  ///
  /// - Returns: false when the one that started it has ended.
  static func isWanted(
    for milliseconds: Int32, or fd: Int32? = nil
  ) -> Bool {
    var waiting = [pollfd(fd: 0, events: Int16(POLLIN), revents: 0)]
    if let fd { waiting.append(pollfd(fd: fd, events: Int16(POLLIN), revents: 0)) }
    _ = poll(&waiting, nfds_t(waiting.count), milliseconds)
    return waiting[0].revents == 0
  }
}
