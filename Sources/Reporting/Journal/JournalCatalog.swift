// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The message catalog (https://systemd.io/CATALOG): what `journalctl -x` shows below an entry of
/// closewatch. Made from the same guide as everything else.
package enum JournalCatalog {
  /// The whole file, rules in their order.
  package static func text() -> String {
    var out = """
      # SPDX-License-Identifier: Apache-2.0
      #
      # Written by `deploy/generate`. Installed to /usr/lib/systemd/catalog, and taken up by
      # `journalctl --update-catalog`.

      """
    for rule in RuleID.allCases {
      out += entry(rule, .firing, subject: title(rule), body: remedies(rule))
      out += entry(
        rule, .worsened, subject: "\(title(rule)): got worse",
        body: """
          It has become more severe, there are twice as many as when it was last reported, or it was
          accepted (rules.accept) and no longer is. What to do is below the entry that came first:

            journalctl -x CLOSEWATCH_FINDING_ID=@CLOSEWATCH_FINDING_ID@
          """)
      out += entry(
        rule, .resolved, subject: "\(title(rule)): over",
        body: """
          What @CLOSEWATCH_RULE@ said of @CLOSEWATCH_OWNER@ has not been true for a while. Nothing
          is left to do about the sockets. If nobody has fixed or restarted anything, it can come
          again.
          """)
    }
    return out + release
  }

  private static var release: String {
    entry(
      MessageIDs.release, subject: "TCP connections of @CLOSEWATCH_COMMAND@ were aborted by hand",
      documentation: "man:closewatch-release(1)",
      body: """
        User @CLOSEWATCH_UID@ ran closewatch release on the process @CLOSEWATCH_PID@. Each of its
        connections named by CLOSEWATCH_SOCKET was in CLOSE_WAIT for at least
        @CLOSEWATCH_OLDER_THAN_SECONDS@ s and was reset; @CLOSEWATCH_FAILED@ could not be.

        Errors of the peers at this time (ECONNRESET) come from it. The descriptors are still open
        in the process unless it has closed them since. The leak itself is not fixed:

          closewatch explain close-wait-leak
        """)
  }

  private static func entry(
    _ rule: RuleID, _ kind: FindingEvent.Kind, subject: String, body: String
  ) -> String {
    entry(
      rule.guide.messageIDs[kind], subject: subject, documentation: "man:closewatch(1)",
      body: body)
  }

  private static func entry(
    _ id: String, subject: String, documentation: String, body: String
  ) -> String {
    """

    -- \(id)
    Subject: \(subject)
    Defined-By: closewatch
    Documentation: \(documentation)

    \(body)

    """
  }

  private static func title(_ rule: RuleID) -> String {
    let causes = rule.guide.causes
    // One cause has its headline; of several, the rule's name says what they have in common.
    guard causes.count == 1 else { return "TCP sockets that should be closed: \(rule.rawValue)" }
    return guide(rule, causes[0]).title
  }

  private static func guide(_ rule: RuleID, _ cause: Cause) -> GuideText {
    rule.guide(to: GuideSubject(cause)).spelledOut()
  }

  /// The causes that the rule tells apart, each with its steps.
  private static func remedies(_ rule: RuleID) -> String {
    let causes = rule.guide.causes
    var parts = [
      "The cause is @CLOSEWATCH_CAUSE@, the process to act on PID @CLOSEWATCH_PID@."
    ]
    for cause in causes {
      let guide = guide(rule, cause)
      var lines = causes.count > 1 ? ["\(cause.rawValue): \(guide.title)."] : []
      lines += wrapped(guide.meaning, indent: "")
      lines.append("What to do now:")
      lines += guide.now.map(step)
      lines.append("Permanent fix:")
      lines += guide.fix.map(step)
      if !guide.doesNotHelp.isEmpty {
        lines.append("What does not help:")
        for futile in guide.doesNotHelp {
          lines += wrapped("\(futile.what): \(futile.why)", indent: "  - ")
        }
      }
      parts.append(lines.joined(separator: "\n"))
    }
    parts.append("See closewatch explain \(rule.rawValue) for the steps of a runtime.")
    return parts.joined(separator: "\n\n")
  }

  /// Prose in lines that fit a terminal beside what journalctl puts before them.
  private static func wrapped(_ text: String, indent: String) -> [String] {
    var lines: [String] = []
    var line = indent
    for word in text.split(separator: " ") {
      if line.count + word.count >= 76, line.count > indent.count {
        lines.append(line)
        line = String(repeating: " ", count: indent.count)
      }
      line += (line.count > indent.count ? " " : "") + word
    }
    return lines + [line]
  }

  /// A bullet, its commands below it. Indented: the catalog takes a line that begins with `#` or
  /// `;` for a comment.
  private static func step(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().map { ($0.offset == 0 ? "  - " : "      ") + $0.element }
      .joined(separator: "\n")
  }
}
