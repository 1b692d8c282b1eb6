// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// Whom a page of guides is for, as `explain` is told.
package struct GuideAudience: Hashable, Sendable {
  package var runtime = ProcessRuntime.unknown
  package var direction: ConnectionDirection?
  package var reader: GuideReader?

  /// Everybody.
  package init() {}

  /// One cause as it concerns them.
  package func subject(_ cause: Cause) -> GuideSubject {
    GuideSubject(cause, runtime: runtime, direction: direction, reader: reader)
  }

  /// What `--for` takes beside the ids and names of ``ProgramGuide``: an installed program that
  /// has no advice of its own.
  package static let anyInstalled = "installed"

  /// Who runs the program of this name; nil when it is not known.
  package static func reader(named word: String) -> GuideReader? {
    word == anyInstalled ? .installed : ProgramGuide.named(word).map(GuideReader.of)
  }
}

extension GuideSubject {
  /// The command that prints the text of a rule about this very subject.
  package func explainCommand(_ rule: RuleID) -> String {
    var words = ["closewatch", "explain", rule.rawValue]
    if rule.guide.causes.count > 1 { words += ["--cause", cause.rawValue] }
    switch reader {
    case .of(let program): words += ["--for", program.id]
    case .installed: words += ["--for", GuideAudience.anyInstalled]
    case .author: if runtime != .unknown { words += ["--runtime", runtime.rawValue] }
    }
    if let direction { words += ["--direction", direction.rawValue] }
    return words.joined(separator: " ")
  }
}
