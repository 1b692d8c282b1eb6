// SPDX-License-Identifier: Apache-2.0

extension TidyRule {
  /// A path from the top level, a file `Name.swift`, a folder `Name/` or a suite `NameTests`, as
  /// code in a document.
  static let documentsNameWhatExists = TidyRule("a document names files and suites that exist") {
    tree in
    let suites = Set(
      tree.below("Tests").flatMap(\.declarations.types))
    return tree.files.filter { $0.path.hasSuffix(".md") }.flatMap { file in
      zip(1..., file.lines).flatMap { number, line in
        code(in: line).filter { !exists($0, in: tree, suites: suites) }.map { name in
          "\(file.path):\(number): there is no '\(name)'"
        }
      }
    }
  }

  /// What stands between backticks, without what is only a pattern.
  private static func code(in line: Substring) -> [String] {
    let parts = line.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
      .filter { word in
        !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "/._+-".contains($0) }
      }
  }

  private static func exists(_ name: String, in tree: SourceTree, suites: Set<String>) -> Bool {
    let path = name.hasSuffix("/") ? String(name.dropLast()) : name
    let first = path.prefix { $0 != "/" }
    if ["Sources", "Tests", "deploy", ".ci", ".github"].contains(first), path.contains("/") {
      return tree.contains(path)
    }
    if name.hasPrefix("/") { return true }
    if name.hasSuffix(".swift") {
      return tree.files.contains { ("/" + $0.path).hasSuffix("/" + name) }
    }
    if name.hasSuffix("/"), name.first?.isUppercase == true {
      return tree.files.contains { ("/" + $0.path).contains("/" + name) }
    }
    if name.hasSuffix("Tests"), name != "Tests", name.first?.isUppercase == true {
      return suites.contains(name) || tree.contains("Tests/" + name)
    }
    return true
  }

  /// The document at the door of a folder, and the folders that it has to tell of.
  private static func doors(of tree: SourceTree) -> [(sign: String, folders: Set<String>)] {
    func folders(below folder: String, depth: Int) -> Set<String> {
      Set(
        tree.below(folder).flatMap { file -> [String] in
          let parts = file.path.dropFirst(folder.count + 1).split(separator: "/").dropLast()
          guard !parts.contains(where: { $0.hasSuffix(".docc") || $0 == "include" }) else {
            return []
          }
          return parts.prefix(depth).indices.map { parts[...$0].joined(separator: "/") }
        })
    }
    let targets = folders(below: "Sources", depth: 1).sorted().map { target in
      (
        sign: "Sources/\(target)/\(target).docc/\(target).md",
        folders: folders(below: "Sources/\(target)", depth: .max)
      )
    }
    return [
      ("README.md", Set(folders(below: "Sources", depth: 1).map { "Sources/" + $0 })),
      ("Tests/README.md", folders(below: "Tests", depth: 1)),
      ("deploy/README.md", folders(below: "deploy", depth: 1)),
    ] + targets.filter { !$0.folders.isEmpty }
  }

  static let doorSigns = TidyRule("a folder is told of at the door of the one above it") { tree in
    doors(of: tree).flatMap { sign, folders -> [String] in
      let text = tree[sign]?.text ?? ""
      return folders.sorted().filter { folder in
        !text.contains("`\(folder)/`") && !text.contains("](\(folder))")
      }.map { "\(sign):1: says nothing of `\($0)/`" }
    }
  }

  /// A test that is known to fail stands for a question that is open, with its number.
  static let knownIssuesAreQuestions = TidyRule("a known issue is an open question") { tree in
    let contributing = tree[".github/CONTRIBUTING.md"]?.lines ?? []
    let questions = contributing.drop { $0 != "## Open questions" }.dropFirst()
      .prefix { !$0.hasPrefix("## ") }
    return tree.below("Tests").flatMap { file in
      file.code.words.filter { $0.text == "withKnownIssue" }.compactMap { word in
        let line = file.lines[word.line - 1]
        let mark = "withKnownIssue(\"open question "
        let number = line.firstRange(of: mark).map { range in
          line[range.upperBound...].prefix(while: \.isNumber)
        }
        if let number, questions.contains(where: { $0.hasPrefix("\(number). ") }) { return nil }
        return "\(file.path):\(word.line): needs \"open question N\" of .github/CONTRIBUTING.md"
      }
    }
  }

  /// What CONTRIBUTING says a change asks for is what `deploy/prove newcomer` makes and counts.
  static let changesAreTold = TidyRule("CONTRIBUTING names the files of a newcomer's change") {
    tree in
    let path = ".github/CONTRIBUTING.md"
    let headings = tree[path]?.lines.filter { $0.hasPrefix("## Add a") } ?? []
    let scripts = tree.below("Tests/Newcomer").compactMap { script in
      script.lines.first { $0.hasPrefix("# told in: ") }.map { mark in
        (script: script, heading: "## " + mark.dropFirst("# told in: ".count))
      }
    }
    let untried = headings.filter { heading in !scripts.contains { $0.heading == heading } }
    return untried.map { "\(path):1: no script in Tests/Newcomer does '\($0.dropFirst(3))'" }
      + scripts.flatMap { script, heading -> [String] in
        let section = (tree[path]?.lines ?? []).drop { $0 != heading }.dropFirst()
          .prefix { !$0.hasPrefix("## ") }.joined(separator: "\n")
        return edited(by: script).filter { name in
          ![".swift", "`", "]"].contains { section.contains(name + $0) }
        }.map { "\(script.path):1: edits \($0), of which '\(heading)' says nothing" }
      }
  }

  /// The files that a script edits, without folder and suffix; a new rule's are of `<Rule>`.
  private static func edited(by script: SourceFile) -> [String] {
    let names = script.lines.filter { $0.hasPrefix("edit ") }.compactMap { line in
      line.split(separator: " ")[1].split(separator: "/").last.map { file in
        String(file).replacing(".swift", with: "").replacing("MutualCloseStall", with: "<Rule>")
      }
    }
    return Set(names).sorted()
  }
}
