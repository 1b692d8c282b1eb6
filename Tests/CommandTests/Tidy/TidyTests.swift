// SPDX-License-Identifier: Apache-2.0

import Testing

/// The rules of the house hold for this checkout.
struct TidyTests {
  @Test(arguments: TidyRule.all)
  func `the checkout keeps the rule`(rule: TidyRule) throws {
    let tree = try SourceTree.checkout()
    // An empty tree would keep every rule.
    try #require(tree["Tests/CommandTests/Tidy/TidyTests.swift"] != nil)
    try #require(tree.files.count > 20)
    for violation in rule.violations(tree) { Issue.record("\(violation)") }
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
