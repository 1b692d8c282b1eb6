// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import KernelTables
import LinuxHost
import Logging
import Reporting
import Settings

/// `closewatch daemon`: looks again and again, and reports what is leaked.
struct Daemon: ParsableCommand {
  static let configuration = DaemonArguments.configuration

  @OptionGroup var arguments: DaemonArguments

  func run() throws {
    let web = try arguments.web.settings
    var flags = arguments.overrides
    if let interval = arguments.interval { flags.append("sampling.interval=\(interval)") }
    let source = SettingsSource(path: arguments.settings, flags: flags)
    var initial: DaemonSettings
    do throws(SettingsErrors) {
      initial = try source.read()
    } catch {
      for problem in error.errors { StandardError.line("\(problem)") }
      throw ExitCode(ExitStatus.blind)
    }
    if let most = LiveHost.rowsWithinMemoryBound {
      initial.rules.connectionLimit = min(initial.rules.connectionLimit, most)
    }
    // Before there are threads. What the kernel counts is mapped before those who read it are
    // forked.
    let connects: ConnectCounting =
      initial.sampling.countsConnects
      ? ConnectCounter.start() : .off
    let keeper = try Keeper.start {
      var host = LiveHost()
      host.connects = connects
      host.returnsMemory = true
      host.keepToMemoryBound()
      return host
    }
    let logger = Logger(label: "closewatch") { _ in StderrLog(level: .info) }
    if case .refused(let why) = connects {
      logger.warning("\(GapWords.sentence(Gap(.connectsUncounted, detail: why)))")
    }
    let control = arguments.controlSocket ?? ControlPlace.usualPath
    try DaemonRun(
      settings: initial, source: source, web: web, control: control == "none" ? nil : control,
      keeper: keeper,
      logger: logger
    ).toItsEnd()
  }
}
