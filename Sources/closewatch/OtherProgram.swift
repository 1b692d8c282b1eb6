// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost

/// A program of its own that carries out some of the commands: no short command pays for what it is
/// made of.
struct OtherProgram {
  /// The commands that it carries out.
  let commands: [String]
  private let name: String

  /// All of them. What serves HTTP is not what people run as root, and what loads programs into the
  /// kernel is neither.
  static let all = [
    OtherProgram(commands: ["daemon", "check-settings"], name: "closewatchd"),
    tracer,
  ]

  static let tracer = OtherProgram(commands: ["trace", "stacks"], name: OwnProgram.tracer)

  /// Who carries out this command; nil: this program does.
  static func carrying(_ command: String?) -> OtherProgram? {
    all.first { program in command.map(program.commands.contains) == true }
  }

  /// Runs it to its end. It writes where this program does.
  ///
  /// - Returns: Its exit status; nil when a signal ended it.
  /// - Throws: ``HostError`` when it is not there, or cannot be executed.
  func run(_ arguments: [String]) throws(HostError) -> Int32? {
    let pid = try spawn(arguments, nil, nil, for: arguments[0])
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : nil
  }

  /// Starts it as a helper of this command: it reads and writes the other end of `socket`, and keys
  /// of the terminal do not reach it.
  ///
  /// - Throws: ``HostError`` when it is not there, or cannot be executed.
  func start(
    _ arguments: [String], for command: String
  ) throws(HostError) -> (pid: Int32, socket: Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw HostError("\(SystemCallError("socketpair", on: name, errno: errno))")
    }
    // Its end is to show.
    defer { close(ends[1]) }
    do throws(HostError) {
      return (try start(arguments, talkingOver: ends[1], for: command), ends[0])
    } catch {
      close(ends[0])
      throw error
    }
  }

  /// Within this time a tracer watches, in seconds: it takes less than one.
  static let tracerPatience = 30.0

  private func start(
    _ arguments: [String], talkingOver socket: Int32, for command: String
  ) throws(HostError) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    return try spawn(arguments, &actions, &attributes, for: command)
  }

  private func spawn(
    _ arguments: [String], _ actions: UnsafePointer<posix_spawn_file_actions_t>?,
    _ attributes: UnsafePointer<posix_spawnattr_t>?, for command: String
  ) throws(HostError) -> pid_t {
    var words = ([name] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var reason = ENOENT
    for path in places {
      var pid: pid_t = 0
      reason = posix_spawn(&pid, path, actions, attributes, &words, environ)
      if reason == 0 { return pid }
      if reason != ENOENT { break }
    }
    throw unable(command, reason)
  }

  /// Becomes it: the pid, the rights and the descriptors stay.
  ///
  /// - Throws: ``HostError`` when it is not there, or cannot be executed.
  func execute(_ arguments: [String]) throws(HostError) -> Never {
    let paths = places
    var words = ([name] + arguments).map { strdup($0) } + [nil]
    var reason = ENOENT
    for path in paths {
      execv(path, &words)
      reason = errno
      if reason != ENOENT { break }
    }
    throw unable(arguments[0], reason)
  }

  private func unable(_ command: String, _ reason: Int32) -> HostError {
    HostError(
      reason == ENOENT
        ? "closewatch \(command) needs the program \(name), which is not at"
          + " \(places.joined(separator: " or ")); install the package, or copy it there"
        : "cannot execute \(name): \(SystemCallError("execv", on: name, errno: reason).reason)")
  }

  /// Beside this program, and in the libexec folder beside the bin folder that it is in.
  private var places: [String] {
    let folder = OwnProgram.path.split(separator: "/").dropLast()
    let beside = OwnProgram.neighbour(name)
    guard folder.last == "bin" else { return [beside] }
    let libexec = folder.dropLast() + ["libexec", "closewatch", name[...]]
    return [beside, "/" + libexec.joined(separator: "/")]
  }
}
