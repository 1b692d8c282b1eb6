// SPDX-License-Identifier: Apache-2.0

extension TidyRule {
  /// What the targets may import. A target that is not named here is a violation by itself.
  private static let allowedImports: [String: Set<String>] = [
    "Sources/KernelTables": [],
    "Sources/Diagnosis": ["KernelTables"],
    "Sources/Reporting": ["Diagnosis", "KernelTables"],
    "Sources/Tracing": ["Diagnosis", "KernelTables", "Reporting"],
    "Sources/TraceProbe": [],
    "Sources/closewatch-trace": [
      "ArgumentParser", "CLinuxDiag", "CTrace", "Console", "Diagnosis", "Glibc", "KernelTables",
      "LinuxHost", "Reporting", "Settings", "TraceProbe", "Tracing",
    ],
    "Sources/CompileProbe": ["PackagePlugin"],
    "Sources/ProbeCompiler": ["Glibc"],
    "Sources/LinuxHost": ["CLinuxDiag", "Glibc", "KernelTables", "Synchronization"],
    "Sources/PackageFiles": [
      "Diagnosis", "FoundationEssentials", "Glibc", "Reporting", "Settings",
    ],
    "Sources/Settings": ["Diagnosis", "KernelTables", "Reporting"],
    "Sources/Console": [
      "ArgumentParser", "Glibc", "KernelTables", "LinuxHost", "Reporting", "Settings",
      "Synchronization",
    ],
    "Sources/closewatch": [
      "ArgumentParser", "Console", "Diagnosis", "Glibc", "KernelTables", "LinuxHost", "Reporting",
      "Settings", "Synchronization",
    ],
    "Sources/closewatchd": [
      "ArgumentParser", "CCrypt", "CSystemd", "CYaml", "Console", "Diagnosis", "Glibc",
      "KernelTables", "LinuxHost", "Logging", "NIOCore", "NIOHTTP1", "NIOHTTPCompression",
      "NIOPosix", "NIOSSL", "Reporting", "ServiceLifecycle", "Settings", "Synchronization",
      "UnixSignals",
    ],
  ]

  static let importsPerTarget = TidyRule("each target imports only what it may") { tree in
    tree.files.filter { $0.isSwift && $0.path != "Package.swift" }.flatMap { file in
      let folder = file.path.split(separator: "/").prefix(2).joined(separator: "/")
      let isTest = folder.hasPrefix("Tests/")
      return file.declarations.imports.compactMap { module, line in
        let place = "\(file.path):\(line): "
        if module == "Foundation" {
          return place + "Foundation costs 44 MB; use FoundationEssentials, in PackageFiles only"
        }
        if isTest { return nil }
        guard let allowed = allowedImports[folder] else {
          return place + "\(folder) is not a target that this rule knows"
        }
        return allowed.contains(module) ? nil : place + "\(folder) may not import \(module)"
      }
    }
  }

  static let fileLength = TidyRule("a file has at most 400 lines") { tree in
    tree.files.filter { $0.isSwift || $0.isC || $0.isScript }.compactMap { file in
      file.lineCount <= 400
        ? nil : "\(file.path):\(file.lineCount): \(file.lineCount) lines, at most 400"
    }
  }

  static let functionLength = TidyRule("a function has at most 70 lines") { tree in
    tree.files.filter(\.isSwift).flatMap { file in
      file.declarations.bodies.filter { $0.lineCount > 70 }.map { body in
        "\(file.path):\(body.line): \(body.name) has \(body.lineCount) lines, at most 70"
      }
    }
  }

  static let lineLength = TidyRule("a line has at most 100 columns") { tree in
    tree.files.filter { $0.isSwift || $0.isC || $0.isScript }.flatMap { file in
      // Characters are counted where there are more bytes.
      zip(1..., file.lines).filter { $1.utf8.count > 100 && $1.count > 100 }.map { number, line in
        "\(file.path):\(number): \(line.count) columns, at most 100"
      }
    }
  }

  /// Words that say nothing about what is inside.
  private static let emptyWords: Set<String> = [
    "Common", "Extension", "Extensions", "Helper", "Helpers", "Manager", "Misc", "Types", "Util",
    "Utilities", "Utility", "Utils",
  ]

  static let forbiddenNames = TidyRule("no file, folder or type has an empty name") { tree in
    tree.files.filter { $0.path.contains("/") && !$0.path.hasPrefix("Tests/Fixtures/") }.flatMap {
      file in
      let parts = file.path.split(separator: "/").map(String.init)
      let found = (parts + file.declarations.types).filter {
        !emptyWords.isDisjoint(with: camelCaseWords($0))
      }
      return found.map { "\(file.path):1: '\($0)' does not say what it is; name the thing" }
    }
  }

  /// `TCPStateManager.swift` to `TCPState`… `State`, `Manager`, `swift`, each with a capital.
  private static func camelCaseWords(_ name: String) -> Set<String> {
    var words: Set<String> = []
    var word = ""
    for character in name {
      if character.isUppercase || !character.isLetter {
        words.insert(word)
        word = ""
      }
      if character.isLetter { word += word.isEmpty ? character.uppercased() : String(character) }
    }
    return words.union([word])
  }

  static let licenseLine = TidyRule("code begins with the SPDX line") { tree in
    tree.files.filter { ($0.isSwift || $0.isC || $0.isScript) && $0.path != "Package.swift" }
      .compactMap { file -> String? in
        let wanted = (file.isScript ? "# " : "// ") + "SPDX-License-Identifier: Apache-2.0"
        let line = file.isScript ? 2 : 1
        let found = file.lines.dropFirst(line - 1).first
        // The kernel wants to know a licence of its own of what is put into it.
        let isForKernel = file.path.hasPrefix("Sources/TraceProbe/Programs/")
        if isForKernel, found == "\(wanted) OR GPL-2.0-only" { return nil }
        return found == wanted[...] ? nil : "\(file.path):\(line): this line must be '\(wanted)'"
      }
  }

  static let fileNamesAType = TidyRule("a file is named after what it declares") { tree in
    let places = ["Sources/", "Tests/"]
    let files = tree.files.filter { file in
      // The language wants statements outside of a function in a file of that name.
      file.isSwift && file.name != "main.swift"
        && places.contains { file.path.hasPrefix($0) }
    }
    return files.compactMap { file -> String? in
      if file.code.isEmpty { return nil }
      let declarations = file.declarations
      let name = file.baseName.split(separator: "+").first.map(String.init) ?? file.baseName
      let function = name.prefix(1).lowercased() + name.dropFirst()
      // `Process.swift` may hold ProcessID and ProcessRecord.
      if declarations.types.contains(where: { $0.hasPrefix(name) }) { return nil }
      if declarations.functions.contains(function) { return nil }
      return "\(file.path):1: declares no type or function that begins with '\(name)'"
    }
  }

  static let skipsSayWhy = TidyRule("tests skip only through .requires") { tree in
    tree.below("Tests").filter { $0.isSwift && $0.name != "Requirement.swift" }.flatMap { file in
      let words = file.code.words
      return zip(words, words.dropFirst()).compactMap { dot, word -> String? in
        guard dot.text == ".", ["enabled", "disabled"].contains(word.text) else { return nil }
        return "\(file.path):\(word.line): use .requires(…): CI must know what is skipped"
      }
    }
  }

  /// Types inside of other types may have the name of another one: they are read with the outer.
  static let namesAreUnique = TidyRule("no two types of Sources have one name") { tree in
    var places: [String: String] = [:]
    return tree.below("Sources").filter(\.isSwift).flatMap { file in
      zip(1..., file.lines).compactMap { number, line in
        guard let name = typeAtTopLevel(in: line) else { return nil }
        let place = "\(file.path):\(number)"
        guard let first = places[name] else {
          places[name] = place
          return nil
        }
        return "\(place): '\(name)' is the name of another type too: \(first)"
      }
    }
  }

  /// The type that a line declares, where it begins without a blank.
  private static func typeAtTopLevel(in line: Substring) -> String? {
    guard line.first != " " else { return nil }
    let modifiers: Set<Substring> = [
      "package", "public", "internal", "private", "fileprivate", "final", "indirect",
    ]
    let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    let words = line.split(separator: " ").drop { modifiers.contains($0) || $0.hasPrefix("@") }
    guard let kind = words.first, kinds.contains(kind) else { return nil }
    return words.dropFirst().first.map { String($0.prefix { $0.isLetter || $0.isNumber }) }
  }
}
