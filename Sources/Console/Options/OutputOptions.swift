// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// When to use colour.
package enum ColourChoice: String, CaseIterable {
  case auto, always, never
}

/// `--color`, wherever something is shown to a person.
package struct ColourOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Colour: auto (on a terminal, unless NO_COLOR is set), always or never.",
      valueName: "when"),
    transform: ColourOption.parse)
  package var color = ColourChoice.auto

  package init() {}

  private static func parse(_ text: String) throws -> ColourChoice {
    guard let choice = ColourChoice(rawValue: text.lowercased()) else {
      throw UsageError("choose auto, always or never")
    }
    return choice
  }
}

/// How the answer is written.
package struct OutputOptions: ParsableArguments {
  @Flag(help: "Write one JSON object instead of text.")
  package var json = false

  @OptionGroup private var colour: ColourOption

  package var color: ColourChoice { colour.color }

  package init() {}
}
