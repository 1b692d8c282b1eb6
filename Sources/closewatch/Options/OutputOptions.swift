// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// When to use colour.
enum ColourChoice: String, CaseIterable {
  case auto, always, never
}

/// `--color`, wherever something is shown to a person.
struct ColourOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Colour: auto (on a terminal, unless NO_COLOR is set), always or never.",
      valueName: "when"),
    transform: ColourOption.parse)
  var color = ColourChoice.auto

  private static func parse(_ text: String) throws -> ColourChoice {
    guard let choice = ColourChoice(rawValue: text.lowercased()) else {
      throw UsageError("choose auto, always or never")
    }
    return choice
  }
}

/// How the answer is written.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Write one JSON object instead of text.")
  var json = false

  @OptionGroup private var colour: ColourOption

  var color: ColourChoice { colour.color }
}
