// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// `closewatch explain`: what a finding, a state, a setting or an error message means, without
/// looking at a socket.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explains a finding, a TCP state, a kernel setting, an error, or a pasted line.",
    discussion: """
      Without a topic it lists all pages, or explains what is piped in: lines of ss, netstat or \
      lsof, a table of states with counts, a line of a log. Of more than \(PastedText.mostSockets) \
      sockets each state is explained, not each socket. Standard input is read up to 8 MiB.

      Examples:
        closewatch explain CLOSE_WAIT
        closewatch explain too many open files
        closewatch explain close-wait-leak --cause eof-unread --runtime go
        closewatch explain accept-queue-stall --for php-fpm
        closewatch explain tcp_fin_timeout
        ss -tanp | closewatch explain
        netstat -nat | awk '{print $6}' | sort | uniq -c | closewatch explain
      """)

  @Argument(
    help: ArgumentHelp(
      """
      A finding, one of its causes, a TCP state, a sysctl, an error message, or a line of ss, \
      netstat or lsof; in any spelling. - reads standard input.
      """, valueName: "word"))
  var words: [String] = []

  @Option(
    help: ArgumentHelp(
      "Show the fixes for one runtime: go, jvm, python, node, ruby, php, ...",
      valueName: "name"),
    transform: Explain.parseRuntime)
  var runtime = ProcessRuntime.unknown

  @Option(
    help: ArgumentHelp("Only this cause of the finding.", valueName: "name"),
    transform: Explain.parseCause)
  var cause: Cause?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      """
      Show what the operator of one program can do: postgresql, nginx, php-fpm, redis, ...; \
      installed stands for any other program that is not your own code.
      """, valueName: "program"),
    transform: Explain.parseReader)
  var reader: GuideReader?

  @Option(
    help: ArgumentHelp(
      """
      Only connections that came through a listener (inbound), or that the program opened itself \
      (outbound).
      """, valueName: "way"),
    transform: Explain.parseDirection)
  var direction: ConnectionDirection?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let isPiped = words == ["-"] || words.isEmpty && cause == nil && PipedInput.begins
    let topic = isPiped ? try pipedTopic() : try topic()
    if output.json {
      try StandardOutput.write(
        ExplainJSON(topic, audience: audience, value: Self.value(of:)).bytes())
    } else {
      let style = Terminal.style(output.color)
      try StandardOutput.write(
        ExplainText(topic, style: style, audience: audience, value: Self.value(of:)).text())
    }
  }

  /// Whom the page is for.
  var audience: GuideAudience {
    var audience = GuideAudience()
    audience.runtime = runtime
    audience.direction = direction
    audience.reader = reader
    return audience
  }

  /// What the page is about.
  func topic() throws(UsageError) -> ExplainTopic {
    guard !words.isEmpty else {
      guard cause == nil else { throw UsageError("--cause needs the finding it is a cause of") }
      return .overview
    }
    return try narrowed(topic(of: PastedText(word), word))
  }

  /// The words as one, as they were typed.
  private var word: String { words.joined(separator: " ") }

  private func readInput() throws(UsageError) -> (bytes: [UInt8], isCut: Bool) {
    do throws(SystemCallError) { return try PipedInput.read() } catch {
      throw UsageError("\(error); name what to explain instead")
    }
  }

  private func pipedTopic() throws -> ExplainTopic {
    let input = try readInput()
    let piped = UntrustedText.trimmed(String(decoding: input.bytes, as: UTF8.self))
    if piped.isEmpty {
      if words.isEmpty { return .overview }
      throw UsageError("nothing came on standard input; pipe in ss -tanp, or name what to explain")
    }
    var text = PastedText(piped)
    text.isCut = input.isCut
    return try narrowed(topic(of: text, piped))
  }

  private func topic(of text: PastedText, _ words: String) throws(UsageError) -> ExplainTopic {
    if let topic = ExplainTopic.find(in: text, of: words) { return topic }
    if text.statelessLines > 0 {
      throw UsageError(
        "these lines have no state: ss leaves it out when it is asked for one state only; "
          + "pipe in ss -tanp")
    }
    guard words.utf8.count <= 60 else {
      throw UsageError(
        "this text has no TCP socket, state or message that there is a page about; closewatch "
          + "explain lists the pages, and reads ss -tanp, netstat -tanp and lsof -nPi")
    }
    let nearest = UsageError.nearest(to: words, in: ExplainTopic.spellings).map { [$0] }
    let meant = nearest ?? Self.containing(words)
    throw UsageError(
      "there is no page about '\(words)'; "
        + (meant.isEmpty
          ? "closewatch explain lists them all"
          : "did you mean \(meant.joined(separator: " or "))?"))
  }

  private func narrowed(_ topic: ExplainTopic) throws(UsageError) -> ExplainTopic {
    guard let cause else { return topic }
    guard case .rule(let rule) = topic, rule.guide.causes.contains(cause) else {
      throw UsageError("'\(word)' is no finding with the cause \(cause.rawValue)")
    }
    return .cause(rule, cause)
  }

  /// Up to three names with the word in them: `keepalive`, `orphan`.
  private static func containing(_ word: String) -> [String] {
    let key = word.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    guard key.utf8.count >= 3 else { return [] }
    let names = ExplainTopic.spellings.filter { name in
      name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }.contains(key)
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

  private static func parseCause(_ text: String) throws -> Cause {
    guard let cause = Cause(rawValue: text.lowercased()) else {
      let names = Cause.allCases.map(\.rawValue)
      throw UsageError("choose one of \(names.joined(separator: ", "))")
    }
    return cause
  }

  private static func parseReader(_ text: String) throws -> GuideReader {
    if let reader = GuideAudience.reader(named: text) { return reader }
    let names = ProgramGuide.all.map(\.id) + [GuideAudience.anyInstalled]
    throw UsageError("choose one of \(names.joined(separator: ", "))")
  }

  private static func parseDirection(_ text: String) throws -> ConnectionDirection {
    guard let direction = ConnectionDirection(rawValue: text.lowercased()) else {
      throw UsageError("choose inbound or outbound")
    }
    return direction
  }
}
