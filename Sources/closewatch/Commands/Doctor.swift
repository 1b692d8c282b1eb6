// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch doctor`: what closewatch can and can't see on this host, and what to do about it.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what closewatch can and can't see on this host, and how to fix it.",
    discussion: """
      Takes one real look and one search of all processes, and reads the rights, mounts and places \
      around them. What only the daemon uses (journald, settings, its socket) is shown and does \
      not change the exit status.

      Examples:
        closewatch doctor
        sudo closewatch doctor --json

      Exit status: 0 it sees all that it needs, 1 only part of it, 2 no sockets at all.
      """)

  @Option(
    help: ArgumentHelp(
      "Where the daemon answers (default: \(ControlPlace.usualPath)).", valueName: "path"))
  var controlSocket: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let probe = HostSightProbe(settingsFile: SettingsPlace.usualPath)
    let report = Self.report(probe.look(), daemon: daemon)
    let text = DoctorText(report)
    if output.json {
      try StandardOutput.write(text.json())
    } else {
      try StandardOutput.write(text.text(style: Terminal.style(output.color)))
    }
    switch report.state {
    case .ok: return
    case .limited: throw ExitCode(ExitStatus.act)
    case .missing: throw ExitCode(ExitStatus.blind)
    }
  }

  private var daemon: DaemonAnswer {
    switch DaemonClient(path: controlSocket ?? ControlPlace.usualPath).ask(DaemonSight.path) {
    case .answer(let answer):
      .answered(DaemonSight(text: String(decoding: answer.body, as: UTF8.self)))
    case .none(let why): .none(why)
    }
  }

  private static func report(_ sight: HostSight, daemon: DaemonAnswer) -> DoctorReport {
    do throws(HostError) {
      var host = EyeHost(OwnEyes())
      let deadline = Clock.commandDeadline
      let sample = try host.takeSample(SampleRequest(), by: deadline)
      let found = host.findHolders(HolderSearch(everyHolderIn: sample), by: deadline)
      return DoctorReport(
        sight, sample: sample, failure: nil, gaps: sample.gaps + found.gaps, daemon: daemon)
    } catch {
      return DoctorReport(
        sight, sample: nil, failure: error.description, gaps: [], daemon: daemon)
    }
  }
}
