// SPDX-License-Identifier: Apache-2.0

extension TidyRule {
  /// A folder that has one file for each of a kind, however many there are, and nothing else.
  private struct Kind {
    var folder: String
    var begin = ""
    var end: String
    /// Each is of a rule in the catalog.
    var isOfRules = true
  }

  private static let kinds = [
    Kind(folder: "Sources/Diagnosis/Rules", end: ".swift"),
    Kind(folder: "Sources/Reporting/Guide/Rules", end: "+Guide.swift"),
    Kind(folder: "Tests/DiagnosisTests/Rules", end: "Tests.swift"),
    Kind(
      folder: "Sources/Reporting/Guide/Programs", begin: "ProgramGuide+", end: ".swift",
      isOfRules: false),
  ]

  static let folderSize = TidyRule("a folder has at most 15 files, but for one of each kind") {
    tree in
    let code = tree.files.filter { file in
      ["Sources/", "Tests/"].contains { file.path.hasPrefix($0) }
        && !file.path.hasPrefix("Tests/Fixtures/")
    }
    let folders = Dictionary(grouping: code) { file in
      file.path.split(separator: "/").dropLast().joined(separator: "/")
    }
    let rules = namesOfRules(in: tree)
    return folders.sorted { $0.key < $1.key }.flatMap { folder, files -> [String] in
      guard let kind = kinds.first(where: { $0.folder == folder }) else {
        return files.count <= 15 ? [] : ["\(folder):1: \(files.count) files, at most 15"]
      }
      return files.filter { file in
        guard file.name.hasPrefix(kind.begin), file.name.hasSuffix(kind.end) else { return true }
        return kind.isOfRules && !rules.contains(String(file.name.dropLast(kind.end.count)))
      }.map { file in
        let name = kind.begin + (kind.isOfRules ? "<Rule>" : "…") + kind.end
        return "\(file.path):1: \(folder) holds one '\(name)' for each, and nothing else"
      }
    }
  }

  /// A few lines that extend something are looked for where that is.
  static let fileIsWorthIt = TidyRule("a file of less than 25 lines declares a type") { tree in
    tree.files.filter { file in
      file.isSwift && file.lineCount < 25 && !file.path.hasPrefix("Tests/Fixtures/")
        && ["Sources/", "Tests/"].contains { file.path.hasPrefix($0) } && file.name != "main.swift"
    }.compactMap { file in
      if file.code.isEmpty || file.declarations.declaresType { return nil }
      return "\(file.path):1: \(file.lineCount) lines without a type; put them where they belong"
    }
  }
}
