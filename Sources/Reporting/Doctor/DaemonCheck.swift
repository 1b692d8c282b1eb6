// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Judges how the daemon is.
enum DaemonCheck {
  private static let name = "daemon"
  private static let log = "journalctl -u closewatch -n 50"

  static func check(_ answer: DaemonAnswer) -> DoctorCheck {
    switch answer {
    case .answered(let sight): check(sight)
    case .none(.absent(let path)):
      DoctorCheck(
        name, .missing, "none answers on \(path): commands look for themselves, without a history",
        fix: "systemctl enable --now closewatch, for history", isNeeded: false)
    case .none(.denied):
      DoctorCheck(
        name, .limited, "it answers root and the group closewatch only",
        fix: "run as root, or as a member of the group: usermod -aG closewatch USER",
        isNeeded: false)
    case .none(.silent(let why)):
      DoctorCheck(
        name, .limited, "it does not answer: \(why)",
        fix: "systemctl restart closewatch; \(log)", isNeeded: false)
    case .none(.notAsked(let flag)):
      DoctorCheck(name, .limited, "not asked (\(flag))", fix: "leave out \(flag)", isNeeded: false)
    }
  }

  private static func check(_ sight: DaemonSight) -> DoctorCheck {
    var found = "up for \(Quantity.duration(sight.upSeconds))"
    if let age = sight.newestLookSeconds {
      found +=
        ", last look \(Quantity.duration(age)) ago, every "
        + "\(Quantity.duration(sight.intervalSeconds))"
    } else {
      found += ", has not looked yet"
    }
    if sight.countsConnects { found += ", connects are counted by the kernel" }
    let problems = problems(sight)
    guard let first = problems.first else { return DoctorCheck(name, .ok, found, isNeeded: false) }
    let said = problems.map(\.found).joined(separator: "; ")
    return DoctorCheck(name, .limited, "\(found); \(said)", fix: first.fix, isNeeded: false)
  }

  private struct Problem {
    var found: String
    var fix: String
  }

  /// The worst first: its fix is the one to begin with.
  private static func problems(_ sight: DaemonSight) -> [Problem] {
    var problems: [Problem] = []
    let age = sight.newestLookSeconds ?? sight.upSeconds
    if age > sight.freshSeconds {
      let why = sight.failure.map { ": \($0)" } ?? ""
      problems.append(Problem(found: "its looks fail\(why)", fix: log))
    }
    if let error = sight.settingsError {
      problems.append(
        Problem(
          found: "settings not applied: \(error)",
          fix: "closewatch check-settings; systemctl reload closewatch"))
    }
    if sight.isBackedOff {
      let set = Quantity.duration(sight.settledIntervalSeconds)
      problems.append(
        Problem(
          found: "a look costs more than cpu-budget allows: less often than every \(set)",
          fix: "raise sampling.cpu-budget, or sampling.interval"))
    }
    if let why = sight.connectsUncounted {
      problems.append(
        Problem(
          found: GapWords.sentence(Gap(.connectsUncounted, detail: why)),
          fix: "what events.conf among the package's examples says, or sampling.events: off"))
    }
    if sight.journalLost > 0 {
      problems.append(
        Problem(
          found: "\(Quantity.count(sight.journalLost, "journal entry", plural: "journal entries"))"
            + " lost",
          fix: "systemctl status systemd-journald; raise journal.queue-length"))
    }
    if let failure = sight.pushFailure {
      problems.append(
        Problem(
          found: "cannot push metrics to \(failure)",
          fix: "see otlp in closewatch.yaml, and the collector; \(log)"))
    }
    return problems
  }
}
