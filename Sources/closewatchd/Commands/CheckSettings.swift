// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Settings

/// `closewatch check-settings`: whether the daemon would take a file.
struct CheckSettings: ParsableCommand {
  static let configuration = CheckSettingsArguments.configuration

  @OptionGroup var arguments: CheckSettingsArguments

  func run() throws {
    let settings: DaemonSettings
    do throws(SettingsErrors) {
      settings = try SettingsReader.read(path: arguments.file, environment: Environment.variables)
    } catch {
      for problem in error.errors { StandardError.raw("\(problem)\n") }
      throw ExitCode(ExitStatus.blind)
    }
    guard arguments.prints else { return try StandardOutput.write("\(arguments.file): good\n") }
    let lines = SettingCatalog.keys.map { "\($0.path): \($0.text(settings))\n" }
    try StandardOutput.write(lines.joined())
  }
}
