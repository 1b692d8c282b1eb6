// SPDX-License-Identifier: Apache-2.0

import Testing

/// Each rule about documents and the shape of the tree is seen to fail, as in `TidyRuleTests`.
struct TidyShapeTests {
  private func found(_ rule: TidyRule, in files: [String: String]) -> [String] {
    let files = files.sorted { $0.key < $1.key }
    return rule.violations(
      SourceTree(files: files.map { SourceFile(path: $0.key, text: $0.value) }))
  }

  @Test func `a file, folder or suite that a document invents is found`() {
    let text = """
      `Sources/A/Age.swift`, `Age.swift`, `A/Age.swift`, `Tests/ATests`, `AgeTests`, `A/`, `a/b`
      `Sources/A/Gone.swift` and `Gone.swift`
      `GoneTests`, `Gone/`, `/proc/net/tcp`, `Sources/NAME`, `swift test --filter GoneTests`
      """
    let files = [
      "README.md": text, "Sources/A/Age.swift": "",
      "Tests/ATests/AgeTests.swift": "struct AgeTests {}",
    ]
    #expect(
      found(.documentsNameWhatExists, in: files) == [
        "README.md:2: there is no 'Sources/A/Gone.swift'", "README.md:2: there is no 'Gone.swift'",
        "README.md:3: there is no 'GoneTests'", "README.md:3: there is no 'Gone/'",
        "README.md:3: there is no 'Sources/NAME'",
      ])
  }

  @Test func `a folder that its door is silent about is found`() {
    let files = [
      "README.md": "[a](Sources/A)", "Sources/A/A.docc/A.md": "`One/` and `One/In/`",
      "Sources/A/One/In/B.swift": "", "Sources/A/Two/C.swift": "", "Sources/B/D.swift": "",
      "Sources/B/include/d.h": "", "Tests/README.md": "`ATests/`", "Tests/ATests/E.swift": "",
      "Tests/BTests/F.swift": "", "deploy/man/a.1": "",
    ]
    #expect(
      found(.doorSigns, in: files) == [
        "README.md:1: says nothing of `Sources/B/`", "Tests/README.md:1: says nothing of `BTests/`",
        "deploy/README.md:1: says nothing of `man/`",
        "Sources/A/A.docc/A.md:1: says nothing of `Two/`",
      ])
  }

  @Test func `a known issue without an open question is found`() {
    let text = """
      func a() { withKnownIssue("open question 2: why") {} }
      func b() { withKnownIssue { } }
      func c() { withKnownIssue("open question 3") {} } // withKnownIssue
      """
    let files = [
      ".github/CONTRIBUTING.md": "3. no\n## Open questions\n1. one\n2. two\n## Next\n3. no",
      "Tests/A/B.swift": text,
    ]
    let wanted = "needs \"open question N\" of .github/CONTRIBUTING.md"
    #expect(
      found(.knownIssuesAreQuestions, in: files) == [
        "Tests/A/B.swift:2: \(wanted)", "Tests/A/B.swift:3: \(wanted)",
      ])
  }

  @Test func `a change that CONTRIBUTING does not tell as it is made is found`() {
    let files = [
      ".github/CONTRIBUTING.md":
        "`Gone.swift`\n## Add a rule\n`<Rule>.swift`, [List](a)\n## Add a limit\nno\n",
      "Tests/Newcomer/01-rule": """
      # told in: Add a rule
      edit $rules/MutualCloseStall.swift '' 'a'
      edit A/List.swift 'a' 'b'
      edit A/Gone.swift 'a' \\
      """,
      "Tests/Newcomer/02-other": "edit A/B.swift 'a' 'b'",
    ]
    #expect(
      found(.changesAreTold, in: files) == [
        ".github/CONTRIBUTING.md:1: no script in Tests/Newcomer does 'Add a limit'",
        "Tests/Newcomer/01-rule:1: edits Gone, of which '## Add a rule' says nothing",
      ])
  }

  @Test func `a folder of 16 files is found, and what is not of its kind`() {
    let names = (1...16).map { "R\($0)" }
    var files = [
      "Sources/Diagnosis/Judgement/RuleCatalog.swift":
        "let list = RuleList<\(names.joined(separator: ", "))>()",
      "Sources/Diagnosis/Rules/Patience.swift": "",
      "Sources/Reporting/Guide/Programs/Nginx.swift": "",
      "Sources/Reporting/Guide/Rules/R1.swift": "",
      "Tests/DiagnosisTests/Rules/StoryTests.swift": "",
    ]
    for number in 1...15 { files["Sources/A/\(number).swift"] = "" }
    for number in 1...16 { files["Sources/B/\(number).swift"] = "" }
    for number in 1...16 {
      files["Sources/Reporting/Guide/Programs/ProgramGuide+\(number).swift"] = ""
    }
    for name in names {
      files["Sources/Diagnosis/Rules/\(name).swift"] = ""
      files["Tests/DiagnosisTests/Rules/\(name)Tests.swift"] = ""
    }
    #expect(
      found(.folderSize, in: files) == [
        "Sources/B:1: 16 files, at most 15",
        """
        Sources/Diagnosis/Rules/Patience.swift:1: Sources/Diagnosis/Rules holds one \
        '<Rule>.swift' for each, and nothing else
        """,
        """
        Sources/Reporting/Guide/Programs/Nginx.swift:1: Sources/Reporting/Guide/Programs holds \
        one 'ProgramGuide+….swift' for each, and nothing else
        """,
        """
        Sources/Reporting/Guide/Rules/R1.swift:1: Sources/Reporting/Guide/Rules holds one \
        '<Rule>+Guide.swift' for each, and nothing else
        """,
        """
        Tests/DiagnosisTests/Rules/StoryTests.swift:1: Tests/DiagnosisTests/Rules holds one \
        '<Rule>Tests.swift' for each, and nothing else
        """,
      ])
  }

  @Test func `a short file that only extends is found`() {
    let extensions = "extension Age {}\nfunc age() {}\n"
    let files = [
      "Sources/A/Age.swift": "struct Age {}\n", "Sources/A/Age+Text.swift": extensions,
      "Sources/A/Age+More.swift": extensions + String(repeating: "\n", count: 23),
      "Tests/ATests/main.swift": "print(1)\n",
    ]
    #expect(
      found(.fileIsWorthIt, in: files) == [
        "Sources/A/Age+Text.swift:1: 2 lines without a type; put them where they belong"
      ])
  }
}
