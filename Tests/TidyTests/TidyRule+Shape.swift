// SPDX-License-Identifier: Apache-2.0

extension TidyRule {
  /// Folders that have one file for each of a kind, however many there are, and the end of the
  /// names of these files. They hold nothing else.
  private static let kinds: [String: String] = [
    "Sources/Diagnosis/Rules": ".swift",
    "Sources/Reporting/Guide": ".swift",
    "Sources/Reporting/Guide/Programs": ".swift",
    "Tests/DiagnosisTests/Rules": "Tests.swift",
  ]

  /// What is being taken apart.
  private static let pending: Set<String> = [
    "Sources/Diagnosis/Census", "Sources/Diagnosis/Findings", "Tests/Simulation",
    "Sources/KernelTables/Recording", "Sources/LinuxHost/Kernel", "Sources/LinuxHost/ProcFS",
    "Sources/Reporting/Triage",
    "Sources/closewatchd/Control/DaemonSight+Snapshot.swift",
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
    return folders.sorted { $0.key < $1.key }.flatMap { folder, files -> [String] in
      if pending.contains(folder) { return [] }
      guard let end = kinds[folder] else {
        return files.count <= 15 ? [] : ["\(folder):1: \(files.count) files, at most 15"]
      }
      return files.filter { !$0.name.hasSuffix(end) }.map {
        "\($0.path):1: \(folder) holds one '…\(end)' for each of a kind, and nothing else"
      }
    }
  }

  /// A few lines that extend something are looked for where that is.
  static let fileIsWorthIt = TidyRule("a file of less than 25 lines declares a type") { tree in
    tree.files.filter { file in
      file.isSwift && file.lineCount < 25 && !file.path.hasPrefix("Tests/Fixtures/")
        && ["Sources/", "Tests/"].contains { file.path.hasPrefix($0) } && file.name != "main.swift"
    }.compactMap { file in
      if pending.contains(file.path) { return nil }
      if file.code.isEmpty || file.declarations.declaresType { return nil }
      return "\(file.path):1: \(file.lineCount) lines without a type; put them where they belong"
    }
  }
}
