// SPDX-License-Identifier: Apache-2.0

import Testing

/// The rules of the house hold for this checkout.
struct TidyTests {
  @Test(arguments: TidyRule.all)
  func `the checkout keeps the rule`(rule: TidyRule) throws {
    let tree = try SourceTree.checkout()
    // An empty tree would keep every rule.
    try #require(tree["Tests/TidyTests/TidyTests.swift"] != nil)
    try #require(tree.files.count > 20)
    for violation in rule.violations(tree) { Issue.record("\(violation)") }
  }

  /// A rule that nothing breaks may be one that finds nothing.
  @Test func `every rule is asked, and has a seeded violation`() throws {
    let own = try SourceTree.checkout().below("Tests/TidyTests")
    let seeded = own.filter { ["TidyRuleTests.swift", "TidyShapeTests.swift"].contains($0.name) }
    let names = own.filter { $0.name.hasPrefix("TidyRule+") }.flatMap(\.lines).compactMap { line in
      line.contains(" = TidyRule(")
        ? line.firstRange(of: "static let ").map { range in
          String(line[range.upperBound...].prefix { $0 != " " })
        } : nil
    }
    #expect(names.count == TidyRule.all.count)
    for name in names {
      let isSeeded = seeded.contains { file in
        ["(.\(name),", "TidyRule.\(name)\n", "TidyRule.\(name)."].contains(where: file.mentions)
      }
      #expect(isSeeded, "no test breaks \(name)")
    }
  }

  @Test func `what .gitignore names is no part of the tree`() {
    let patterns = [".build/", ".build-*/", "Package.resolved", "*.swp"]
    let ignored = { SourceTree.isIgnored($0, isFolder: $1, by: patterns) }
    #expect(ignored(".build", true))
    #expect(ignored(".build-ci", true))
    #expect(ignored("Package.resolved", false))
    #expect(ignored(".README.md.swp", false))
    #expect(!ignored(".build", false))
    #expect(!ignored("Package.swift", false))
  }
}
