// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Tracing

/// What the threads of a process are doing now: `closewatch triage --stacks` executes this after
/// its own page.
struct Stacks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stacks", abstract: "Says what the threads of a process are doing.",
    shouldDisplay: false)

  @Argument(help: TargetArgument.help, transform: TypedTarget.parse)
  var target: TypedTarget

  @OptionGroup var output: OutputOptions

  /// Of a unit with many processes so many are looked at.
  private static let mostProcesses = 4

  func run() throws {
    guard geteuid() == 0 else {
      throw HostError("--stacks stops threads and reads them: run as root")
    }
    var look = StuckLook()
    let found = try look.processes(of: target.target)
    let style = Terminal.style(output.color)
    for record in found.prefix(Self.mostProcesses) {
      guard let process = WatchedProcess(record) else { continue }
      let report = ThreadLook(process, peers: try look.peers(of: record.id.pid)).report()
      let name = TraceTarget.Process(
        pid: record.id.pid, command: record.command, main: record.mainName)
      try StandardOutput.write(
        output.json
          ? report.json(of: name) : Array(report.text(of: name, record.runtime, style).utf8))
    }
    if found.count > Self.mostProcesses {
      StandardError.line("\(found.count - Self.mostProcesses) more processes: name one by its pid")
    }
  }
}
