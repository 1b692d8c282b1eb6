// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting
import Settings

/// The pages of the manual: what the commands say of themselves, the list of findings, and the
/// sections that a person wrote (``ManualProse``).
enum ManualPage {
  /// `closewatch.1`.
  static func program(version: String, commands: [CommandHelp]) -> String {
    var roff = page("CLOSEWATCH", version: version)
    roff.section("NAME")
    roff.paragraphless("closewatch - find TCP sockets that should have been closed")
    roff.section("SYNOPSIS")
    roff.verbatim(["closewatch COMMAND [OPTION]..."])
    roff.section("DESCRIPTION")
    for paragraph in ManualProse.description { roff.paragraph(paragraph) }
    roff.section("COMMANDS")
    for command in commands {
      roff.item("closewatch \(command.name)", command.abstract)
    }
    roff.section("FINDINGS")
    roff.paragraph("Each has a page of its own: closewatch explain NAME.")
    for rule in RuleID.allCases {
      let causes = rule.guide.causes.map(\.rawValue)
      let told = causes.count > 1 ? " Told apart: \(causes.joined(separator: ", "))." : ""
      roff.item(rule.rawValue, capitalised(rule.guide.summary) + "." + told)
    }
    roff.section("FIELDS")
    for (tag, words) in ManualProse.fields { roff.item(tag, words) }
    roff.section("EXIT STATUS")
    for (tag, words) in ManualProse.exitStatus { roff.item(tag, words) }
    roff.section("ENVIRONMENT")
    for (tag, words) in ManualProse.environment { roff.item(tag, words) }
    roff.section("FILES")
    for (tag, words) in ManualProse.files { roff.item(tag, words) }
    roff.section("OVERHEAD")
    for paragraph in ManualProse.overhead { roff.paragraph(paragraph) }
    roff.section("CAVEATS")
    for paragraph in ManualProse.caveats { roff.paragraph(paragraph) }
    roff.section("SECURITY")
    for paragraph in ManualProse.security { roff.paragraph(paragraph) }
    roff.section("EXAMPLES")
    for (words, lines) in ManualProse.examples {
      roff.paragraph(words)
      roff.verbatim(lines)
    }
    roff.section("SEE ALSO")
    roff.references(
      commands.map { ("closewatch-\($0.name)", 1) }
        + [
          ("closewatch.yaml", 5), ("ss", 8), ("lsof", 8), ("tcp", 7), ("sock_diag", 7), ("proc", 5),
        ])
    return roff.text
  }

  /// `closewatch-triage.1` and so on.
  static func command(_ help: CommandHelp, version: String) -> String {
    let title = "closewatch-\(help.name)"
    var roff = page(title.uppercased(), version: version)
    roff.section("NAME")
    let abstract = help.abstract.hasSuffix(".") ? String(help.abstract.dropLast()) : help.abstract
    roff.paragraphless("\(title) - \(abstract.prefix(1).lowercased())\(abstract.dropFirst())")
    roff.section("SYNOPSIS")
    roff.paragraph(help.usage)
    roff.section("DESCRIPTION")
    for paragraph in help.description.isEmpty ? [help.abstract] : help.description {
      roff.paragraph(paragraph)
    }
    if !help.arguments.isEmpty {
      roff.section("ARGUMENTS")
      for entry in help.arguments { roff.item(entry.tag, entry.words) }
    }
    roff.section("OPTIONS")
    for entry in help.options { roff.item(entry.tag, entry.words) }
    roff.section("EXIT STATUS")
    roff.paragraph(
      help.exitStatus ?? "0 when it is done, 2 for bad usage or when nothing was seen.")
    let context = ManualContext.of(help.name)
    roff.section("ENVIRONMENT")
    for (tag, words) in context.environment { roff.item(tag, words) }
    roff.section("FILES")
    for (tag, words) in context.files { roff.item(tag, words) }
    if !help.examples.isEmpty {
      roff.section("EXAMPLES")
      roff.verbatim(help.examples)
    }
    roff.section("SEE ALSO")
    roff.references(context.seeAlso)
    return roff.text
  }

  /// `closewatch.yaml.5`.
  static func settings(version: String) -> String {
    let defaults = DaemonSettings()
    var roff = page("CLOSEWATCH.YAML", version: version, section: 5)
    roff.section("NAME")
    roff.paragraphless("closewatch.yaml - settings of the closewatch daemon")
    roff.section("SYNOPSIS")
    roff.verbatim([SettingsPlace.usualPath])
    roff.section("DESCRIPTION")
    for paragraph in ManualProse.settings { roff.paragraph(paragraph) }
    for section in SettingCatalog.sections {
      roff.section(section.name.uppercased())
      roff.paragraph(section.about)
      for key in section.keys {
        roff.item(
          "\(key.name): \(key.text(defaults))",
          "\(key.reason) Expected: \(key.expected). Variable: \(key.variable).")
      }
    }
    roff.section("EXIT STATUS")
    roff.paragraph(
      """
      closewatch check-settings ends with 0 when the daemon would take the settings, and with 2 \
      when it would not: one line for each mistake, with its place.
      """)
    roff.section("ENVIRONMENT")
    roff.item(
      "CLOSEWATCH_NAME", "Overrides the key NAME of the file. The variables stand at their keys.")
    roff.section("FILES")
    roff.item(SettingsPlace.usualPath, "Where the daemon looks when it is given no --settings.")
    roff.section("EXAMPLES")
    let accept = Acceptance.Field.allCases.enumerated().map { index, field in
      "    \(index == 0 ? "- " : "  ")\(field.rawValue): \(field.example)"
    }
    roff.verbatim(
      ["sampling:", "  interval: 5s", "rules:", "  patience: 5m", "  accept:"] + accept)
    roff.section("SEE ALSO")
    roff.references([
      ("closewatch", 1), ("closewatch-check-settings", 1), ("closewatch-daemon", 1),
    ])
    return roff.text
  }

  private static func page(_ title: String, version: String, section: Int = 1) -> Roff {
    Roff(
      title: Roff.inline(title), section: section, footer: "closewatch \(version)",
      manual: "closewatch manual")
  }

  private static func capitalised(_ words: String) -> String {
    words.prefix(1).uppercased() + words.dropFirst()
  }
}

extension Roff {
  /// The one line of NAME, which programs read: `name - what it does`.
  fileprivate mutating func paragraphless(_ words: String) {
    let parts = words.split(separator: " - ", maxSplits: 1).map(String.init)
    append(parts.map(Self.inline).joined(separator: " \\- ") + "\n")
  }
}
