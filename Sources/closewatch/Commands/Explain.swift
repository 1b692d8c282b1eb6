// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// `closewatch explain`: what a finding, a state or a setting means, without looking at a socket.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explains a finding, a TCP state or a setting of the kernel.",
    discussion: """
      Without a word: the list of everything there is a page about.

      Examples:
        closewatch explain CLOSE_WAIT
        closewatch explain close-wait-leak --runtime go
        closewatch explain tcp_fin_timeout
      """)

  @Argument(
    help: ArgumentHelp(
      "A finding, one of its causes, a TCP state, or a sysctl; in any spelling.",
      valueName: "word"))
  var word: String?

  @Option(
    help: ArgumentHelp(
      "Show the fixes for one runtime: go, jvm, python, node, ruby, php, ...",
      valueName: "name"),
    transform: Explain.parseRuntime)
  var runtime = ProcessRuntime.unknown

  @OptionGroup var output: OutputOptions

  func run() throws {
    let topic = try topic()
    if output.json {
      try StandardOutput.write(ExplainJSON(topic, runtime: runtime, value: Self.value(of:)).bytes())
    } else {
      let style = Terminal.style(output.color)
      try StandardOutput.write(
        ExplainText(topic, style: style, runtime: runtime, value: Self.value(of:)).text())
    }
  }

  private func topic() throws(UsageError) -> ExplainTopic {
    guard let word else { return .overview }
    if let topic = ExplainTopic.find(word) { return topic }
    let nearest = UsageError.nearest(to: word, in: ExplainTopic.words).map { [$0] }
    let meant = nearest ?? Self.containing(word)
    throw UsageError(
      "there is no page about '\(word)'; "
        + (meant.isEmpty
          ? "closewatch explain lists them all"
          : "did you mean \(meant.joined(separator: " or "))?"))
  }

  /// Up to three names with the word in them: `keepalive`, `orphan`.
  private static func containing(_ word: String) -> [String] {
    let key = word.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    guard key.utf8.count >= 3 else { return [] }
    let names = ExplainTopic.words.filter { name in
      name.lowercased().filter { $0 != "-" && $0 != "_" }.contains(key)
    }
    return Array(names.prefix(3))
  }

  private static func value(of setting: SysctlGuide.Setting) -> SysctlValue {
    do throws(SystemCallError) {
      return .value(try SysctlFile.read(setting.name))
    } catch {
      return .unreadable(
        error.errno == ENOENT ? "no such setting" : error.reason)
    }
  }

  private static func parseRuntime(_ text: String) throws -> ProcessRuntime {
    let names = ProcessRuntime.allCases.map(\.rawValue)
    let aliases = ["java": "jvm", "c": "native", "nodejs": "node", ".net": "dotnet"]
    let key = text.lowercased()
    guard let runtime = ProcessRuntime(rawValue: aliases[key] ?? key) else {
      throw UsageError("choose one of \(names.joined(separator: ", "))")
    }
    return runtime
  }
}
