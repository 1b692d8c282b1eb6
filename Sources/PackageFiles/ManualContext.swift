// SPDX-License-Identifier: Apache-2.0

import Settings

/// What surrounds a command on its page of the manual: variables, files and other pages.
struct ManualContext {
  var environment: [(String, String)]
  var files: [(String, String)]
  var seeAlso: [(String, Int)]

  /// That of a command by its name. Every command has one.
  static func of(_ command: String) -> ManualContext {
    var context = ManualContext(
      environment: text, files: [proc], seeAlso: [("closewatch", 1)])
    switch command {
    case "triage":
      context.files.append(names)
      context.seeAlso += pages("explain", "history", "sockets")
    case "sockets":
      context.files.append(names)
      context.seeAlso += pages("triage") + [("ss", 8), ("lsof", 8)]
    case "history":
      context.environment.append(("TZ", "The time zone, where it is not that of the host."))
      context.files = [journal]
      context.seeAlso += pages("daemon") + [("journalctl", 1), ("systemd.journal-fields", 7)]
    case "run":
      context.environment = [
        ("CLOSEWATCH_RUN", "Set for the command: where its runner names tests."),
        ("CLOSEWATCH_RUN_UDP", "Set for the command: the same, as ADDRESS:PORT."),
        ("GITHUB_ACTIONS", "When it is true, annotations are written to standard error."),
        ("TMPDIR", "Where the socket of CLOSEWATCH_RUN is made; otherwise below /tmp."),
        language,
      ]
      context.seeAlso += pages("triage", "explain")
    case "release":
      context.files += [
        names,
        ("/proc/self/loginuid", "Who logged in, for the entry in the journal."),
      ]
      context.seeAlso += pages("triage", "explain") + [("ss", 8), ("capabilities", 7)]
    case "explain":
      context.files = [("/proc/sys/net", "The settings of the kernel and their values here.")]
      context.seeAlso += pages("triage") + [("tcp", 7)]
    case "doctor":
      context.files += [settings, ("/run/systemd/journal/socket", "Where journald listens.")]
      context.seeAlso += [("capabilities", 7), ("proc", 5)]
    case "record":
      context.environment = [language]
      context.seeAlso += pages("triage")
    case "daemon":
      context.environment = [variables] + service
      context.files += [settings, journal]
      context.seeAlso +=
        [("closewatch.yaml", 5)] + pages("check-settings", "history") + [("systemd.service", 5)]
    case "check-settings":
      context.environment = [variables]
      context.files = [settings]
      context.seeAlso += [("closewatch.yaml", 5)] + pages("daemon")
    default:
      context.seeAlso += pages("triage")
    }
    return context
  }

  private static func pages(_ names: String...) -> [(String, Int)] {
    names.map { ("closewatch-\($0)", 1) }
  }

  private static let language = (
    "LC_ALL, LC_CTYPE, LANG", "Without UTF-8 in the first that is set, the output is ASCII."
  )
  private static let text = [
    ("NO_COLOR", "When set and not empty, no colour, unless --color always is given."),
    ("TERM", "dumb: no colour."), language,
  ]
  private static let variables = (
    "CLOSEWATCH_...", "Each overrides one key of the settings file: closewatch.yaml(5)."
  )
  private static let service = [
    ("NOTIFY_SOCKET", "Where the service manager is told about start, reload and stop."),
    ("JOURNAL_STREAM", "Set by the service manager when standard error is the journal."),
  ]
  private static let proc = ("/proc", "Processes, their descriptors and namespaces.")
  private static let names = ("/run/netns", "Names of network namespaces.")
  private static let settings = (
    SettingsPlace.usualPath, "The settings, unless --settings names another."
  )
  private static let journal = (
    "/run/log/journal, /var/log/journal", "The journal: when findings began, got worse and ended."
  )
}
