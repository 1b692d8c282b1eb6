// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs the built `closewatch` as a user would.
package enum Command {
  /// What a run left behind.
  package struct Outcome: Sendable {
    /// The exit status; 128 and the signal's number when a signal ended it.
    package var status: Int32
    package var output: String
    package var errors: String
  }

  /// The program, built beside the test bundle.
  package static let path: String = {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let executable = String(
      decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return "/" + executable.split(separator: "/").dropLast().joined(separator: "/") + "/closewatch"
  }()

  /// Runs it to its end. Standard input is empty, the environment as given.
  ///
  /// - Returns: nil when it could not be started, or its output not be read.
  package static func run(
    _ arguments: [String], environment: [String] = ["PATH=/usr/bin:/bin"]
  ) -> Outcome? {
    guard let out = temporaryFile(), let err = temporaryFile() else { return nil }
    defer {
      close(out)
      close(err)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, out, 1)
    posix_spawn_file_actions_adddup2(&actions, err, 2)
    // The threads that run tests block signals, and a program that is started inherits that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    guard posix_spawn(&pid, path, &actions, &attributes, &argv, &envp) == 0 else { return nil }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { return nil }
    }
    let signal = status & 0x7f
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: contents(out),
      errors: contents(err))
  }

  /// A file without a name, so that no run can leave it behind.
  static func temporaryFile() -> Int32? {
    var template = Array("/tmp/closewatch-test-XXXXXX".utf8CString)
    let fd = mkstemp(&template)
    guard fd >= 0 else { return nil }
    unlink(template)
    _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
    return fd
  }

  static func contents(_ fd: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    var offset = 0
    while true {
      let count = pread(fd, &chunk, chunk.count, offset)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: chunk[..<count])
      offset += count
    }
  }
}
