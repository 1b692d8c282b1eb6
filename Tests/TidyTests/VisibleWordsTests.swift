// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

struct VisibleWordsTests {
  /// `RECORD_GOLDEN=1 swift test --filter VisibleWordsTests` writes the list anew and fails, so
  /// that the difference is read: would a native speaker who is on call say it like that?
  @Test func `every text that a person can see has been read`() throws {
    let tree = try SourceTree.checkout()
    let list = VisibleWords.list(of: tree)
    try #require(list.utf8.count > 100_000)
    if getenv("RECORD_GOLDEN") != nil {
      let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
      let file = try #require(fopen(root + "/" + VisibleWords.path, "w"))
      fputs(list, file)
      fclose(file)
      Issue.record("recorded \(VisibleWords.path): read the diff, then run again without")
      return
    }
    let read = tree[VisibleWords.path]?.text ?? ""
    guard read != list else { return }
    let known = Set(read.split(separator: "\n"))
    let new = list.split(separator: "\n").filter { !known.contains($0) }
    let first = new.prefix(10).joined(separator: "\n")
    Issue.record("\(VisibleWords.path) is not what the source says; new in it:\n\(first)")
  }

  private func list(_ text: String) -> String {
    VisibleWords.list(of: SourceTree(files: [SourceFile(path: "Sources/A/B.swift", text: text)]))
  }

  @Test func `a sentence is found whole, however it is written`() {
    let text = #"""
      // "a comment" is none
      let a = "It is \(of(1, "a few")) words "
        + "that go on.\nAnd on."
      let b = """
        One \
        line,
          and another.
        """
      let key = "no-words", mark = "=>", short = "Growth", path = "/proc/net/tcp"
      """#
    #expect(
      list(text) == """
        ## A/B.swift
        - It is … words that go on.
          And on.
        - a few
        - One line,
            and another.
        - Growth

        """)
  }

  @Test func `a text that is drawn and one outside of the sources are none`() {
    let files = [
      SourceFile(path: "Sources/A/StatusStyle.swift", text: "let a = \"a b\""),
      SourceFile(path: "Tests/A/B.swift", text: "let a = \"a b\""),
    ]
    #expect(VisibleWords.list(of: SourceTree(files: files)) == "")
  }
}
