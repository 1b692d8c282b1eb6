// SPDX-License-Identifier: Apache-2.0

import Reporting

/// One file below `deploy` that is not written by hand.
struct GeneratedFile: Hashable {
  /// Relative to `deploy`.
  var path: String
  var text: String

  /// Every one of them.
  static func all(_ links: AlertLinks = AlertLinks()) throws -> [GeneratedFile] {
    let program = try BuiltProgram(named: "closewatch")
    var files = try manual(of: program) + completions(of: program)
    files.append(GeneratedFile(path: "closewatch.catalog", text: JournalCatalog.text()))
    files.append(GeneratedFile(path: "closewatch.yaml", text: SettingsText.text()))
    files.append(
      GeneratedFile(path: "prometheus/closewatch.rules.yml", text: AlertRulesText.text(links)))
    files.append(
      GeneratedFile(path: "prometheus/closewatch-pods.rules.yml", text: AlertRulesText.podsText()))
    files.append(
      GeneratedFile(path: "prometheus/tests/rules.yml", text: RuleAlertTests.text()))
    files += RunbookPages.all().map {
      GeneratedFile(path: "runbooks/\($0.name).md", text: $0.text)
    }
    for board in [HostDashboard.board, FleetDashboard.board] {
      let path = "grafana/closewatch-\(board.name).json"
      files.append(GeneratedFile(path: path, text: board.json(links).document))
    }
    return files
  }

  private static func manual(of program: BuiltProgram) throws -> [GeneratedFile] {
    let version = try program.version()
    let helps = try program.dump().shown.map(CommandHelp.init)
    let commands = helps.map { help in
      GeneratedFile(
        path: "man/closewatch-\(help.name).1",
        text: ManualPage.command(help, version: version))
    }
    return commands + [
      GeneratedFile(
        path: "man/closewatch.1", text: ManualPage.program(version: version, commands: helps)),
      GeneratedFile(path: "man/closewatch.yaml.5", text: ManualPage.settings(version: version)),
    ]
  }

  private static func completions(of program: BuiltProgram) throws -> [GeneratedFile] {
    try [("closewatch.bash", "bash"), ("_closewatch", "zsh"), ("closewatch.fish", "fish")].map {
      GeneratedFile(path: "completions/\($0)", text: try program.completion(for: $1))
    }
  }
}
