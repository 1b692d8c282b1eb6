// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A machine with the service, a leak in it, and a file system that will stop answering.
struct HostileStage {
  /// What a gap says of a look that the kernel has not ended.
  static let stuck = "has not come back since"

  let machine: Machine
  var files: ChildProgram?

  /// With nothing that attacks it.
  init(machine: Machine) { self.machine = machine }

  /// - Parameter attack: What the file system starts: see Tests/SilentFiles.
  init(_ name: String, _ attack: String...) throws {
    machine = try Machine.withService(name)
    try machine.startLeak("leaky", port: 8080)
    // SwiftPM links even a program in C with the toolchain's libraries, which are not in there.
    let copied = try ChildProgram.run(
      "sh",
      [
        "-c",
        """
        cp "$0" $(ldd "$0" | awk '$3 ~ /swift/ { print $3 }') "$1"
        """, ChildProgram.built("SilentFiles"), "/proc/\(machine.leader)/root/opt",
      ])
    try #require(copied.status == 0)
    try machine.mustRun("[ -e /dev/fuse ] || mknod /dev/fuse c 10 229; mkdir -p /opt/files")
    let files = try ChildProgram(
      "nsenter",
      [
        "-t", machine.leader, "-m", "-u", "-i", "-n", "-p", "--", "env",
        "LD_LIBRARY_PATH=/opt", "/opt/SilentFiles", "/opt/files", "/bin/sleep",
      ] + attack)
    self.files = files
    _ = try #require(try files.readLine())
  }

  func silence() { files?.send("be silent") }

  /// The newest number of a series.
  func number(_ series: String) throws -> Double {
    let page = try #require(try machine.page("/metrics"), "the page is not served")
    let line = page.first { $0.hasPrefix(series + " ") }
    return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
  }

  /// What a look of the command's own says, which must end soon after the time asked for.
  func ownLook() throws -> [String] {
    let began = RunningDaemon.monotonicSeconds
    let run = try machine.run("closewatch triage --no-daemon --for 1s | cat")
    let seconds = RunningDaemon.monotonicSeconds - began
    #expect(seconds < 12, "\(seconds) s")
    return run.lines
  }

  /// The daemon goes on: new looks, an answer, and the leak is there.
  func expectLooksGoOn() throws {
    let before = try number("closewatch_samples_total{kind=\"full\"}")
    try machine.waitForPage("looks after \(before)") { page in
      let line = page.first { $0.hasPrefix("closewatch_samples_total{kind=\"full\"} ") }
      let now = line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
      return now >= before + 3
    }
    #expect(try machine.page("/-/healthy") != nil)
    #expect(try #require(try machine.page("/metrics")).contains { $0.contains("leaky.service") })
  }

  /// Runs a script, which must end within the 60 s that a service manager and a person have.
  func inAMinute(_ script: String) throws {
    let began = RunningDaemon.monotonicSeconds
    try machine.mustRun(script)
    let seconds = RunningDaemon.monotonicSeconds - began
    print("\(seconds) s: \(script.prefix(60))")
    #expect(seconds < 60, "\(script)")
  }
}
