// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import LinuxHost
import Reporting

/// `closewatch generate`: the files of a package that are made from the program itself.
/// For packagers and the tests; hidden from `--help`.
struct Generate: ParsableCommand {
  /// What can be generated.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case man, completions
    /// `closewatch.catalog`, for `journalctl -x`.
    case catalog
    /// `closewatch.yaml`: every setting with its default and reason.
    case settings
    /// `closewatch.rules.yml`: recording and alerting rules for Prometheus.
    case alerts
  }

  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Writes manual pages, completions, catalog, settings or alerts into a directory.",
    shouldDisplay: false)

  @Argument(help: "man, completions, catalog, settings or alerts.") var kind: Kind
  @Argument(help: "An existing directory.") var directory: String

  func run() throws {
    for (name, text) in files() {
      try Self.write(text, to: "\(directory)/\(name)")
    }
  }

  private func files() -> [(String, String)] {
    switch kind {
    case .man: Self.pages()
    case .completions: Self.completions()
    case .catalog: [("closewatch.catalog", JournalCatalog.text())]
    case .settings: [("closewatch.yaml", SettingsText.text())]
    case .alerts: [("closewatch.rules.yml", AlertRulesText.text())]
    }
  }

  /// The commands that `--help` shows.
  private static var commands: [any ParsableCommand.Type] {
    Closewatch.configuration.subcommands.filter { $0.configuration.shouldDisplay }
  }

  private static func pages() -> [(String, String)] {
    let version = Closewatch.configuration.version
    let helps = commands.map { command in
      CommandHelp(
        name: command._commandName, abstract: command.configuration.abstract,
        discussion: command.configuration.discussion,
        help: Closewatch.helpMessage(for: command, columns: 10_000))
    }
    return [
      ("closewatch.1", ManualPage.program(version: version, commands: helps)),
      (
        "closewatch.yaml.5",
        ManualPage.settings(
          version: version, sections: settingSections,
          example: ["sampling:", "  interval: 5s", "rules:", "  patience: 5m"])
      ),
    ]
      + helps.map { help in
        ("closewatch-\(help.name).1", ManualPage.command(help, version: version))
      }
  }

  private static var settingSections: [ManualSetting.Section] {
    let defaults = DaemonSettings()
    return SettingCatalog.sections.map { section in
      ManualSetting.Section(
        name: section.name, about: section.about,
        settings: section.keys.map { key in
          ManualSetting(
            name: key.name, variable: key.variable, expected: key.expected,
            standard: key.text(defaults), reason: key.reason)
        })
    }
  }

  private static func completions() -> [(String, String)] {
    [
      ("closewatch.bash", Closewatch.completionScript(for: .bash)),
      ("_closewatch", Closewatch.completionScript(for: .zsh)),
      ("closewatch.fish", Closewatch.completionScript(for: .fish)),
    ].map { name, text in
      // It is sourced, never run.
      let shebang = "#!/bin/bash\n"
      let body = text.hasPrefix(shebang) ? String(text.dropFirst(shebang.count)) : text
      return (name, body.hasSuffix("\n") ? body : body + "\n")
    }
  }

  private static func write(_ text: String, to path: String) throws {
    do throws(SystemCallError) {
      let fd = try systemCall("open", on: path) {
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      }
      defer { close(fd) }
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let count = try systemCall("write", on: path) {
          rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
      }
    } catch {
      throw HostError("\(error)")
    }
  }
}
