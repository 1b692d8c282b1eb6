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
      for cause in rule.guide.causes { out += firing(rule, cause) }
      out += entry(
        rule.guide.messageIDs.worsened, subject: "\(title(rule)): got worse",
        body: """
          It has become more severe, there are twice as many as when it was last reported, or it was
          accepted (rules.accept) and no longer is. What to do is below the entry that came first:

            journalctl -x CLOSEWATCH_FINDING_ID=@CLOSEWATCH_FINDING_ID@
          """)
      out += entry(
        rule.guide.messageIDs.resolved, subject: "\(title(rule)): over",
        body: """
          @CLOSEWATCH_OWNER@ no longer has what @CLOSEWATCH_RULE@ reported. Nothing is left to do
          about the sockets. If nobody has fixed or restarted anything, it can come back.
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
    _ id: String, subject: String, documentation: String = "man:closewatch(1)", body: String
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
    return rule.guide(to: GuideSubject(causes[0])).title
  }

  // MARK: What to do

  /// One screen beside what journalctl puts before and behind it.
  static let mostLines = 40
  /// What is shown of the permanent fix.
  private static let mostFixes = 4

  private static func firing(_ rule: RuleID, _ cause: Cause) -> String {
    let guide = rule.guide(to: GuideSubject(cause)).filled(by: field)
    let futile = guide.doesNotHelp.map(\.what).joined(separator: "; ")
    var top = wrapped(guide.meaning, indent: "")
    top += [
      "",
      "@CLOSEWATCH_OWNER@ on port @CLOSEWATCH_LOCAL_PORT@: @CLOSEWATCH_SOCKETS@, process "
        + "@CLOSEWATCH_PID@ (@CLOSEWATCH_COMMAND@).", "", "What to do now:",
    ]
    var end = ["Permanent fix:"] + guide.fix.prefix(mostFixes).map(step)
    if !futile.isEmpty { end += wrapped("Does not help: \(futile).", indent: "") }
    end += ["", "All of it, by runtime: closewatch explain \(rule.rawValue) --cause \(cause)"]
    let room = mostLines - (top + end).reduce(0) { $0 + lines($1) }
    let now = steps(guide, within: room)
    return entry(
      rule.guide.messageIDs[.firing, cause], subject: "\(guide.title): @CLOSEWATCH_OWNER@",
      body: (top + now.map(step) + end).joined(separator: "\n"))
  }

  /// The steps of a guide that have room: all that saves the service, and as much as there is of
  /// what proves the cause, which comes first.
  private static func steps(_ guide: GuideText, within room: Int) -> [String] {
    var left = room - guide.rescue.reduce(0) { $0 + lines($1) }
    let look = guide.look.prefix { step in
      left -= lines(step)
      return left >= 0
    }
    var rescue = guide.rescue[...]
    while rescue.reduce(0, { $0 + lines($1) }) > room { rescue.removeLast() }
    return Array(look) + rescue
  }

  private static func lines(_ text: String) -> Int { 1 + text.count { $0 == "\n" } }

  /// Numbers and addresses are filled in by journalctl: they can be pasted into a shell. A name
  /// that a process or a user chose is not.
  private static func field(_ placeholder: GuidePlaceholder) -> String? {
    switch placeholder {
    case .pid: "@CLOSEWATCH_PID@"
    case .port: "@CLOSEWATCH_LOCAL_PORT@"
    case .remotePort: "@CLOSEWATCH_REMOTE_PORT@"
    case .remote: "@CLOSEWATCH_REMOTE@"
    default: placeholder.spelledOut
    }
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
