// SPDX-License-Identifier: Apache-2.0

extension TidyRule {
  /// A folder with an `expected-error.txt` is one fixture: what is in it goes by its name.
  static let noDeadFixture = TidyRule("a hostile fixture is named in a test") { tree in
    let tests = tree.below("Tests").filter(\.isSwift)
    let hostile = tree.below("Tests/Fixtures").filter { file in
      let parts = file.path.split(separator: "/")
      return parts.count > 3 && parts[2].hasPrefix("hostile") && file.name != "README.md"
    }
    let folders = hostile.filter { $0.name == "expected-error.txt" }
      .map { String($0.path.dropLast("/expected-error.txt".count)) }
    let single = hostile.filter { file in !folders.contains { file.path.hasPrefix($0 + "/") } }
    return (folders.map { SourceFile(path: $0, text: "") } + single).compactMap { file in
      let stem = file.name.split(separator: ".").dropLast().joined(separator: ".")
      let names = [file.name, stem].filter { !$0.isEmpty }.flatMap { name in
        ["\"\(name)\"", "/\(name)\""]
      }
      let isUsed = tests.contains { names.contains(where: $0.mentions) }
      return isUsed ? nil : "\(file.path):1: no test names '\(file.name)'"
    }
  }

  static let noLinkToNowhere = TidyRule("a relative link leads somewhere") { tree in
    tree.files.filter { $0.path.hasSuffix(".md") }.flatMap { file in
      zip(1..., file.lines).flatMap { number, line in
        links(in: line).filter { !tree.contains(resolve($0, from: file.path)) }.map { link in
          "\(file.path):\(number): '\(link)' leads nowhere"
        }
      }
    }
  }

  /// Targets of `[text](target)` that are files here: without a scheme, and not only an anchor.
  private static func links(in line: Substring) -> [String] {
    line.split(separator: "](", omittingEmptySubsequences: false).dropFirst().compactMap { part in
      guard let end = part.firstIndex(of: ")") else { return nil }
      let target = part[..<end].prefix { $0 != "#" && $0 != " " }
      return target.isEmpty || target.contains(":") ? nil : String(target)
    }
  }

  private static func resolve(_ link: String, from path: String) -> String {
    var parts = link.hasPrefix("/") ? [] : Array(path.split(separator: "/").dropLast())
    for part in link.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  /// The agreed top level. More needs a reason in the change that adds it.
  private static let agreed: Set<String> = [
    ".ci", ".editorconfig", ".gitattributes", ".github", ".gitignore", ".swift-format", "LICENSE",
    "Package.swift", "README.md", "Sources", "Tests", "deploy",
  ]

  static let topLevel = TidyRule("the top level has only the agreed entries") { tree in
    let entries = Set(
      tree.files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
    return entries.subtracting(agreed).sorted().map { "\($0):1: is not an agreed entry" }
  }

  /// Folders of build machines. Written in two parts, so that this file does not contain them.
  private static let machineFolders = [
    "/wo" + "rk/", "/fa" + "rm/", "/tmp/w" + "t/", "/tmp/la" + "b/",
  ]

  static let noMachinePath = TidyRule("no path of a build machine in a file") { tree in
    tree.files.flatMap { file in
      machineFolders.filter(file.mentions).flatMap { folder in
        zip(1..., file.lines).filter { mentions(folder, in: $1) }.map { number, _ in
          "\(file.path):\(number): \(folder) exists on one machine only"
        }
      }
    }
  }

  /// Whether the line has the path itself, and not as a part of `https://example/…` or `a/…`.
  private static func mentions(_ folder: String, in line: Substring) -> Bool {
    line.ranges(of: folder).contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      return !before.isLetter && !before.isNumber && !"._-~}".contains(before)
    }
  }

  /// What the kernel numbers by architecture: see there.
  static let architectureInOneFile = TidyRule("what differs by architecture is in one file") {
    tree in
    let home = "Sources/CLinuxDiag/Architecture.h"
    let signs = ["__x86_64__", "__aarch64__", "AUDIT_ARCH_", "arch(x86_64)", "arch(arm64)"]
    return tree.below("Sources").filter { ($0.isSwift || $0.isC) && $0.path != home }
      .flatMap { file in
        signs.flatMap { sign in
          file.lines(with: sign).map { "\(file.path):\($0): \(sign) belongs in \(home)" }
        }
      }
  }

  static let scriptsRun = TidyRule("a script is executable and stops at errors") { tree in
    tree.files.filter { $0.isScript && !$0.path.hasPrefix("Tests/Fixtures/") }.flatMap { file in
      var violations: [String] = []
      if !file.isExecutable { violations.append("\(file.path):1: chmod +x") }
      let isShell = file.lines.first?.hasSuffix("sh") ?? false
      let stops = file.lines.contains {
        $0.hasPrefix("set -") && $0.contains("u") && $0.contains("pipefail")
      }
      if isShell && !stops { violations.append("\(file.path):1: needs 'set -euo pipefail'") }
      return violations
    }
  }
}
