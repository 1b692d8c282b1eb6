// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import LinuxHost
import Settings

/// `closewatch check-settings`: whether the daemon would take a file.
struct CheckSettings: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-settings",
    abstract: "Checks a settings file, and says what is wrong and where.",
    discussion: """
      Reads the file as the daemon does, with the environment on top. --print shows the values \
      that hold then.

      Examples:
        closewatch check-settings
        closewatch check-settings --print closewatch.yaml

      Exit status: 0 it is good, 2 it is not.
      """)

  @Argument(help: "The file to check.")
  var file = SettingsReader.usualPath

  @Flag(name: .customLong("print"), help: "Write every key with the value that holds.")
  var prints = false

  func run() throws {
    let settings: DaemonSettings
    do throws(SettingsErrors) {
      settings = try SettingsReader.read(path: file, environment: Environment.variables)
    } catch {
      for problem in error.errors { StandardError.raw("\(problem)\n") }
      throw ExitCode(ExitStatus.blind)
    }
    guard prints else { return try StandardOutput.write("\(file): good\n") }
    let lines = SettingCatalog.keys.map { "\($0.path): \($0.text(settings))\n" }
    try StandardOutput.write(lines.joined())
  }
}
