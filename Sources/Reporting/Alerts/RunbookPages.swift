// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The pages that `runbook_url` of an alert leads to, in Markdown: one for each rule, and one about
/// closewatch itself. They say what `closewatch explain` says, to a person without the host.
package enum RunbookPages {
  /// The name of the page about closewatch itself.
  package static let watcherName = "closewatch"

  /// All pages by the names of their files, without `.md`.
  package static func all() -> [(name: String, text: String)] {
    [(name: "README", text: index())] + RuleID.allCases.map { ($0.rawValue, page($0)) }
      + CapacityAlerts.all(AlertLinks()).compactMap(choice)
      + [(name: watcherName, text: watcher())]
  }

  /// The name of the page that explains an alert on something that runs out: that of its rule, or
  /// one of its own, where each of several rules can be behind it.
  static func name(ofCapacity alert: String) -> String {
    let rules = CapacityAlerts.explanations(of: alert).map(\.rule.rawValue)
    return rules.count == 1 ? rules[0] : AlertName.page(of: alert)
  }

  private static let notice = """
    <!-- SPDX-License-Identifier: Apache-2.0 -->
    <!-- Written by `deploy/generate`: do not edit it. -->

    """

  private static func index() -> String {
    var out =
      notice + """

        # Runbooks of closewatch

        One page for each alert. On the host itself `closewatch triage` prints the same steps with
        process ids, ports and limits filled in; `closewatch explain RULE` is the page of a rule.

        | Alert | It means |
        |---|---|

        """
    for rule in RuleID.allCases {
      let summary = AlertTemplate.sentence(rule.guide.summary)
      out += "| [\(AlertName.of(rule.rawValue))](\(rule.rawValue).md) | \(summary) |\n"
    }
    for alert in CapacityAlerts.all(AlertLinks()) {
      out += "| [\(alert.name)](\(name(ofCapacity: alert.name)).md) "
      out += "| \(alert.about) |\n"
    }
    return out + "| all others | [closewatch itself](\(watcherName).md) |\n"
  }

  // MARK: A rule

  private static func page(_ rule: RuleID) -> String {
    let causes = rule.guide.causes
    var out =
      notice + """

        # \(AlertName.of(rule.rawValue))

        `\(rule.rawValue)`: \(AlertTemplate.sentence(rule.guide.summary))

        On the host, as root:

        ```sh
        closewatch triage
        closewatch explain \(rule.rawValue)
        ```

        The first names the process, its descriptors and its peers, and prints the commands below
        with their values in place of the upper-case words.

        """
    if causes.count > 1 {
      out += "\nThe label `cause` of the alert says which section is meant:\n\n"
      for cause in causes {
        out += "- [\(cause.rawValue)](#\(cause.rawValue)): \(guide(rule, cause).title).\n"
      }
    }
    for cause in causes { out += section(guide(rule, cause), cause) }
    return out + thresholds(rule) + acceptance(rule)
  }

  private static func guide(_ rule: RuleID, _ cause: Cause) -> GuideText {
    rule.guide(to: GuideSubject(cause)).spelledOut()
  }

  private static func section(_ guide: GuideText, _ cause: Cause) -> String {
    var out = "\n## \(cause.rawValue)\n\n**\(guide.title).** \(guide.meaning)\n"
    out += steps("When time is short", guide.rescue) + steps("To find the cause", guide.look)
    out += "\n### Permanent fix\n\n" + guide.fix.map(bullet).joined()
    if !guide.doesNotHelp.isEmpty { out += "\n### What does not help\n\n" }
    return out + guide.doesNotHelp.map { "- **\($0.what).** \($0.why)\n" }.joined()
  }

  private static func steps(_ title: String, _ steps: [String]) -> String {
    guard !steps.isEmpty else { return "" }
    return "\n### \(title)\n\n" + steps.map(bullet).joined()
  }

  /// A sentence, its commands below it.
  private static func bullet(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 1 else { return "- \(text)\n" }
    let commands = lines.dropFirst().map { "  \($0)\n" }.joined()
    return "- \(lines[0])\n\n  ```sh\n\(commands)  ```\n\n"
  }

  private static func thresholds(_ rule: RuleID) -> String {
    let lines = ThresholdLine.all(of: rule, RuleSettings())
    guard !lines.isEmpty else { return "" }
    return
      "\n## When it fires\n\nDefaults; each is a setting of the daemon, closewatch.yaml(5).\n\n"
      + lines.map { line in
        "- **\(line.value)** (`\(line.key)`): \(line.meaning). "
          + AlertTemplate.sentence(line.reason) + "\n"
      }.joined()
  }

  private static func acceptance(_ rule: RuleID) -> String {
    """

    ## To accept it for a while

    \(Acceptance.meaning). In the settings of the daemon on that host:

    ```yaml
    rules:
      accept:
    \(Acceptance.Field.allCases.enumerated().map { index, field in
      "    \(index == 0 ? "- " : "  ")\(field.rawValue): "
        + (field == .rule ? rule.rawValue : field.example)
    }.joined(separator: "\n"))
    ```

    """
  }

  // MARK: What runs out

  /// The page that leads to the one of several rules that explains an alert; nil: there is one.
  private static func choice(_ alert: AlertRule) -> (name: String, text: String)? {
    guard let step = CapacityAlerts.choice(of: alert.name) else { return nil }
    var out =
      notice + """

        # \(alert.name)

        \(alert.about) `closewatch triage`, as root, says who takes them; without it:

        \(bullet(step))
        """
    for explanation in CapacityAlerts.explanations(of: alert.name) {
      let page = "[\(AlertName.of(explanation.rule.rawValue))](\(explanation.rule.rawValue).md)"
      out += "- \(explanation.condition ?? ""): \(page).\n"
    }
    return (name(ofCapacity: alert.name), out)
  }

  // MARK: closewatch itself

  private static func watcher() -> String {
    var out =
      notice + """

        # closewatch itself

        These alerts do not mean that a service suffers, but leaks go unnoticed while they last. \
        On the host,
        `closewatch doctor` says what is missing and how to give it.

        """
    for alert in WatcherAlerts.all(AlertLinks()) {
      let texts = Dictionary(
        alert.annotations.map { ($0.name, $0.template) }, uniquingKeysWith: { first, _ in first })
      out += "\n## \(alert.name)\n\n\(plain(texts["description"] ?? ""))\n\n"
      let lines = (texts["action"] ?? "").split(
        separator: "\n", omittingEmptySubsequences: false)
      out +=
        lines.map { plain($0.hasPrefix("  ") ? "    " + $0.dropFirst(2) : String($0)) }
        .reduce(into: [String]()) { paragraphs, line in
          // A block of commands stands apart from the words around it.
          let isCode = line.hasPrefix("    ")
          if let last = paragraphs.last, last.hasPrefix("    ") != isCode { paragraphs.append("") }
          paragraphs.append(line)
        }.joined(separator: "\n") + "\n\nWhy it waits: \(oneLine(alert.reason))\n"
    }
    return out
  }

  /// A template without a series to fill it in.
  private static func plain(_ template: String) -> String {
    var out = template
    for (template, words) in [
      (AlertTemplate.host, "HOST"), ("{{ $value | printf \"%.0f\" }}", "N"),
      ("{{ $labels.kind }}", "KIND"),
    ] { out.replace(template, with: words) }
    return out
  }

  private static func oneLine(_ text: String) -> String {
    text.split(separator: "\n").joined(separator: " ")
  }
}
