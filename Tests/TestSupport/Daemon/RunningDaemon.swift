// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// The built daemon, running, and what it says.
package final class RunningDaemon {
  package let program: ChildProgram
  package private(set) var lines: [String] = []

  package var pid: pid_t { program.pid }

  /// Starts it with the journal's socket out of reach of what it finds on this host.
  ///
  /// - Parameters:
  ///   - environment: `NAME=value`, on top of that of the tests.
  ///   - settings: `section.key=value`.
  ///   - file: The settings file.
  ///   - web: Flags of the web server. Without, there is none: tests run side by side.
  ///   - control: Its control socket. Without, there is none: commands of other tests would ask it.
  ///   - through: A command that becomes the program that follows it: `prlimit --nofile=16`.
  ///   - path: The program; without, the one that was built with the tests.
  package init(
    environment: [String] = [], settings: [String] = [], file: String? = nil,
    web: [String] = ["--web.listen-address", "none"], control: String = "none",
    through: [String] = [],
    path: String = Command.path
  ) throws {
    // exec: the pid is the daemon's own.
    let script = "exec env \"$@\" 2>&1"
    var arguments = ["-c", script, "sh", "-u", "NOTIFY_SOCKET"] + environment
    arguments += through + [path, "daemon"]
    if let file { arguments += ["--settings", file] }
    for setting in settings { arguments += ["--set", setting] }
    arguments += web + ["--control-socket", control]
    program = try ChildProgram("sh", arguments)
  }

  /// Waits for a line that has all of `words`.
  ///
  /// - Parameter seconds: For each line; for all of them it is four times as long, as a host where
  ///   much happens has always something to say.
  @discardableResult
  package func waitFor(_ words: String..., seconds: Double = 30) throws -> String {
    try waitFor(words, seconds)
  }

  /// The same, and a line that has come already will do: for what is not said in a fixed order.
  @discardableResult
  package func hasSaid(_ words: String..., seconds: Double = 30) throws -> String {
    let earlier = lines.first { line in words.allSatisfy { line.contains($0) } }
    return try earlier ?? waitFor(words, seconds)
  }

  private func waitFor(_ words: [String], _ seconds: Double) throws -> String {
    let limit = Self.monotonicSeconds + 4 * seconds
    while let line = try program.readLine(within: seconds) {
      lines.append(line)
      if words.allSatisfy({ line.contains($0) }) { return line }
      guard Self.monotonicSeconds < limit else {
        throw ChildProgram.Failure("not in \(4 * seconds) s: \(words); it said: \(lines)")
      }
    }
    throw ChildProgram.Failure("it ended without saying \(words); it said: \(lines)")
  }

  package func signal(_ number: Int32) { kill(pid, number) }

  /// Tells it to stop.
  ///
  /// - Returns: Its exit status, and the seconds it took.
  package func stop() -> (status: Int32, seconds: Double) {
    let began = Self.monotonicSeconds
    signal(SIGTERM)
    while (try? program.readLine(within: 10)) != nil {}
    return (program.end(), Self.monotonicSeconds - began)
  }

  /// A line of `/proc/PID/status` in kilobytes.
  package func kilobytes(_ name: String) -> Int? {
    guard let bytes = readBytes("/proc/\(pid)/status") else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix(name + ":") }?
      .split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
  }

  /// Processor time it has used, user and system, in clock ticks: proc_pid_stat(5).
  package var processorTicks: Int? {
    guard let bytes = readBytes("/proc/\(pid)/stat") else { return nil }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?
      .split(separator: " ")
    guard let fields, fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12])
    else { return nil }
    return user + system
  }

  /// How many descriptors it has open.
  package var descriptors: Int {
    guard let directory = opendir("/proc/\(pid)/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count - 2
  }

  package static var monotonicSeconds: Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }
}
