// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// When to use colour.
enum ColourChoice: String, CaseIterable {
  case auto, always, never
}

/// How the answer is written.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Write one JSON object instead of text.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Colour: auto (on a terminal, unless NO_COLOR is set), always or never.",
      valueName: "when"),
    transform: OutputOptions.parseColour)
  var color = ColourChoice.auto

  /// The choice that a word makes.
  static func parseColour(_ text: String) throws -> ColourChoice {
    guard let choice = ColourChoice(rawValue: text.lowercased()) else {
      throw UsageError("choose auto, always or never")
    }
    return choice
  }
}
