// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Settings

/// The arguments of `closewatch check-settings`: the daemon's program parses them, the command
/// shows them.
package struct CheckSettingsArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    commandName: "check-settings",
    abstract: "Checks a settings file, and says what is wrong and where.",
    discussion: """
      Reads the file as the daemon does, with the environment applied on top. --print shows the \
      resulting values.

      Examples:
        closewatch check-settings
        closewatch check-settings --print closewatch.yaml

      Exit status: 0 valid, 2 not valid.
      """)

  @Argument(help: "The file to check.")
  package var file = SettingsPlace.usualPath

  @Flag(name: .customLong("print"), help: "Print every key with its resulting value.")
  package var prints = false

  package init() {}
}
