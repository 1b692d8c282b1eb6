// SPDX-License-Identifier: Apache-2.0

/// One rule of the house: what it says, and how to find what breaks it.
struct TidyRule: Sendable, CustomStringConvertible {
  /// The rule as a sentence.
  var description: String
  /// Each violation begins with its place (`path:line: `) and says what to do.
  var violations: @Sendable (SourceTree) -> [String]

  init(_ description: String, _ violations: @escaping @Sendable (SourceTree) -> [String]) {
    self.description = description
    self.violations = violations
  }

  /// All of them. `TidyRuleTests` has a seeded violation for each.
  static let all: [TidyRule] = [
    .importsPerTarget, .fileLength, .functionLength, .lineLength, .forbiddenNames, .licenseLine,
    .fileNamesAType, .namesAreUnique, .rulesAreComplete, .rulesStandAlone, .noDeadFixture,
    .noLinkToNowhere, .topLevel, .noMachinePath, .scriptsRun, .architectureInOneFile, .skipsSayWhy,
    .documentsNameWhatExists, .doorSigns, .knownIssuesAreQuestions, .changesAreTold,
    .folderSize, .fileIsWorthIt,
  ]
}
