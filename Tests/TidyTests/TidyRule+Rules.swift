// SPDX-License-Identifier: Apache-2.0

/// What holds for the rules of `Diagnosis`: one is added with its file, its guide and its test, and
/// a line in the catalog.
extension TidyRule {
  private static let catalog = "Sources/Diagnosis/Judgement/RuleCatalog.swift"

  static let rulesAreComplete = TidyRule("a rule has a file, a guide and a test") { tree in
    let folder = "Sources/Diagnosis/Rules"
    guard tree.contains(folder) else { return [] }
    guard let list = tree[catalog] else { return ["\(catalog):1: is missing"] }
    return names(ofRulesIn: list).flatMap { name in
      let test = "Tests/DiagnosisTests/Rules/\(name)Tests.swift"
      let lacking = [
        "\(folder)/\(name).swift", "Sources/Reporting/Guide/Rules/\(name)+Guide.swift", test,
      ].filter { tree[$0] == nil }.map { "\(list.path):1: the rule \(name) lacks \($0)" }
      let triesThresholds = tree[test]?.mentions("ThresholdTrial.check(") ?? true
      return lacking
        + (triesThresholds ? [] : ["\(test):1: lacks ThresholdTrial.check"])
    }
  }

  /// Files that tell one rule from others, each for a reason of its own.
  private static let relations: Set<String> = [
    catalog,
    // Both rules judge the same sockets.
    "Sources/Diagnosis/Judgement/CloseWaitGroup.swift",
    "Sources/Reporting/Guide/Rules/CloseWaitStuck+Guide.swift",
    // What follows from what.
    "Sources/Diagnosis/Findings/Relations.swift",
    "Sources/Diagnosis/Findings/Roots.swift",
    // Its example is a rule's name.
    "Sources/Diagnosis/Acceptance.swift",
    // Handshakes that wait for a full accept queue are its consequence.
    "Sources/Diagnosis/Judgement/UnfinishedGroup.swift",
    // A leak that has paused goes on as a block.
    "Sources/Diagnosis/Findings/Ledger/FindingLedger.swift",
    // Alerts on what runs out, each with the guide of the finding that explains it.
    "Sources/Reporting/Alerts/CapacityAlerts.swift",
    // What to read beside a message, a column, an option, a question.
    "Sources/Reporting/Guide/Topics/TopicPage+Errors.swift",
    "Sources/Reporting/Guide/Topics/TopicPage+Figures.swift",
    "Sources/Reporting/Guide/Topics/TopicPage+Options.swift",
    "Sources/Reporting/Guide/Topics/TopicPage+Questions.swift",
  ]

  static let rulesStandAlone = TidyRule("a rule is named in its file and its guide") { tree in
    guard let list = tree[catalog] else { return [] }
    let sources = tree.below("Sources").filter { $0.isSwift && !relations.contains($0.path) }
    return names(ofRulesIn: list).flatMap { name in
      let member = name.prefix(1).lowercased() + name.dropFirst()
      let own = "Sources/Diagnosis/Rules/\(name).swift"
      let id = tree[own].flatMap { literal(after: "RuleID(", in: $0.text) }
      let homes = [own, "Sources/Reporting/Guide/Rules/\(name)+Guide.swift"]
      return sources.filter { !homes.contains($0.path) }.flatMap { file in
        let words = file.code.words
        let lines = zip(words, words.dropFirst()).compactMap { before, word in
          word.text == name || word.text == member && before.text == "." ? word.line : nil
        }
        let spelled = id.map { file.lines(with: "\"\($0)\"") } ?? []
        return Set(lines + spelled).sorted().map {
          "\(file.path):\($0): names the rule \(name); ask what the rule declares"
        }
      }
    }
  }

  static func namesOfRules(in tree: SourceTree) -> [String] {
    tree[catalog].map { names(ofRulesIn: $0) } ?? []
  }

  /// The types between the angle brackets of `RuleList<...>`.
  private static func names(ofRulesIn list: SourceFile) -> [String] {
    let words = list.code.words.map(\.text)
    guard
      let start = words.indices.dropLast().first(where: {
        words[$0] == "RuleList" && words[$0 + 1] == "<"
      }), let end = words[start...].firstIndex(of: ">")
    else { return [] }
    return words[(start + 2)..<end].filter { $0 != "," && $0 != "\n" }
  }

  private static func literal(after prefix: String, in text: String) -> String? {
    guard let range = text.firstRange(of: prefix + "\"") else { return nil }
    return String(text[range.upperBound...].prefix { $0 != "\"" })
  }
}
