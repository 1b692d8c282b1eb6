// SPDX-License-Identifier: Apache-2.0

import Testing

/// Each rule of the house is seen to fail: a seeded violation is found, at its place, and what is
/// beside it and allowed is not.
struct TidyRuleTests {
  private func found(_ rule: TidyRule, in files: [String: String]) -> [String] {
    let files = files.sorted { $0.key < $1.key }
    return rule.violations(
      SourceTree(files: files.map { SourceFile(path: $0.key, text: $0.value) }))
  }

  @Test func `an import that the target may not have is found`() {
    let rule = TidyRule.importsPerTarget
    let files = [
      "Sources/KernelTables/A.swift": "\nimport Glibc\n",
      "Sources/Diagnosis/B.swift": "package import KernelTables\nimport struct Reporting.Text\n",
      "Sources/LinuxHost/C.swift": "import Glibc\nimport FoundationEssentials\n",
      "Sources/PackageFiles/D.swift": "import FoundationEssentials\nimport Glibc\n",
      "Sources/New/E.swift": "import Glibc\n",
      "Tests/LinuxHostTests/F.swift":
        "@testable import LinuxHost\nimport Glibc\n@preconcurrency import Foundation\n",
    ]
    #expect(
      found(rule, in: files) == [
        "Sources/Diagnosis/B.swift:2: Sources/Diagnosis may not import Reporting",
        "Sources/KernelTables/A.swift:2: Sources/KernelTables may not import Glibc",
        "Sources/LinuxHost/C.swift:2: Sources/LinuxHost may not import FoundationEssentials",
        "Sources/New/E.swift:1: Sources/New is not a target that this rule knows",
        """
        Tests/LinuxHostTests/F.swift:3: Foundation costs 44 MB; use FoundationEssentials, \
        in PackageFiles only
        """,
      ])
  }

  @Test func `an import in a comment or a string is not one`() {
    let text = "// import Glibc\n/* import Glibc */\nlet a = \"\"\"\n  import Glibc\n  \"\"\"\n"
    #expect(found(.importsPerTarget, in: ["Sources/KernelTables/A.swift": text]) == [])
  }

  @Test func `a file of 401 lines is found and one of 400 is not`() {
    let line = "// line\n"
    let files = [
      "Sources/KernelTables/A.swift": String(repeating: line, count: 400),
      "Sources/KernelTables/B.swift": String(repeating: line, count: 401),
    ]
    #expect(
      found(.fileLength, in: files) == [
        "Sources/KernelTables/B.swift:401: 401 lines, at most 400"
      ])
  }

  @Test func `a function of 71 lines is found and one of 70 is not`() {
    let statement = "  work()\n"
    let long = "func long(\n  a: Int\n) {\n" + String(repeating: statement, count: 67) + "}\n"
    let short = "func short() {\n" + String(repeating: statement, count: 68) + "}\n"
    let property = "var text: String {\n" + String(repeating: statement, count: 69) + "}\n"
    #expect(
      found(.functionLength, in: ["Sources/A/A.swift": short + long + property]) == [
        "Sources/A/A.swift:71: long has 71 lines, at most 70",
        "Sources/A/A.swift:142: text has 71 lines, at most 70",
      ])
  }

  @Test func `a line of 101 columns is found and one of 100 is not`() {
    let text = String(repeating: "ä", count: 100) + "\n" + String(repeating: "ä", count: 101)
    #expect(
      found(.lineLength, in: ["Sources/A/A.swift": text]) == [
        "Sources/A/A.swift:2: 101 columns, at most 100"
      ])
  }

  @Test func `a name that says nothing is found in files, folders and types`() {
    let files = [
      "Sources/A/TextUtils.swift": "",
      "Sources/Common/Age.swift": "struct Age {}",
      "Sources/A/Cache.swift": "final class CacheManager {}",
      "Sources/A/Commonplace.swift": "struct Commonplace { var helper = 0 }",
    ]
    #expect(
      found(.forbiddenNames, in: files) == [
        "Sources/A/Cache.swift:1: 'CacheManager' does not say what it is; name the thing",
        "Sources/A/TextUtils.swift:1: 'TextUtils.swift' does not say what it is; name the thing",
        "Sources/Common/Age.swift:1: 'Common' does not say what it is; name the thing",
      ])
  }

  @Test func `code without the SPDX line is found`() {
    let files = [
      "Sources/A/A.swift": "// SPDX-License-Identifier: Apache-2.0\n",
      "Sources/A/B.swift": "// SPDX-License-Identifier: MIT\n",
      "deploy/a": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n",
      "deploy/b": "#!/bin/sh\n",
    ]
    let line = "SPDX-License-Identifier: Apache-2.0'"
    #expect(
      found(.licenseLine, in: files) == [
        "Sources/A/B.swift:1: this line must be '// \(line)",
        "deploy/b:2: this line must be '# \(line)",
      ])
  }

  @Test func `a file that declares nothing of its name is found`() {
    let files = [
      "Sources/A/Age.swift": "package struct Age {}",
      "Sources/A/Age+Text.swift": "extension Age {}",
      "Sources/A/SystemCall.swift": "func systemCall() {}",
      "Sources/A/Process.swift": "struct ProcessID {}",
      "Sources/A/Empty.swift": "// nothing\n",
      "Tests/Benchmarks/main.swift": "print(1)",
      "Sources/A/Gaps.swift": "struct Gap {} // not struct Gaps",
    ]
    #expect(
      found(.fileNamesAType, in: files) == [
        "Sources/A/Gaps.swift:1: declares no type or function that begins with 'Gaps'"
      ])
  }

  @Test func `a second type of one name is found, and a type inside of another is none`() {
    let files = [
      "Sources/A/One.swift": "package struct One: Sendable {}\n",
      "Sources/B/Two.swift": "// two\nprivate final class One<Row> {\n  enum One {}\n}\n",
      "Sources/B/Three.swift": "extension One {\n  struct Two {}\n}\n",
      "Tests/B/One.swift": "struct One {}\n",
    ]
    #expect(
      found(.namesAreUnique, in: files) == [
        "Sources/B/Two.swift:2: 'One' is the name of another type too: Sources/A/One.swift:1"
      ])
  }

  private static let catalog = "Sources/Diagnosis/Judgement/RuleCatalog.swift"

  @Test func `a rule without its file, its guide or its test is found`() {
    var files: [String: String] = [:]
    #expect(found(.rulesAreComplete, in: files) == [], "no folder of rules yet")
    files[Self.catalog] = "let list = RuleList<\n  CloseWaitLeak, // Gone\n  OrphanPressure\n>()"
    files["Sources/Diagnosis/Rules/CloseWaitLeak.swift"] = ""
    files["Sources/Reporting/Guide/Rules/CloseWaitLeak+Guide.swift"] = ""
    files["Tests/DiagnosisTests/Rules/CloseWaitLeakTests.swift"] = "ThresholdTrial.check("
    let lacks = "\(Self.catalog):1: the rule OrphanPressure lacks "
    #expect(
      found(.rulesAreComplete, in: files) == [
        lacks + "Sources/Diagnosis/Rules/OrphanPressure.swift",
        lacks + "Sources/Reporting/Guide/Rules/OrphanPressure+Guide.swift",
        lacks + "Tests/DiagnosisTests/Rules/OrphanPressureTests.swift",
      ])
    files["Tests/DiagnosisTests/Rules/CloseWaitLeakTests.swift"] = "struct CloseWaitLeakTests {}"
    #expect(
      found(.rulesAreComplete, in: files).first
        == "Tests/DiagnosisTests/Rules/CloseWaitLeakTests.swift:1: lacks ThresholdTrial.check")
  }

  @Test func `a fact of a rule outside its file and its guide is found`() {
    let files = [
      Self.catalog: "let list = RuleList<OrphanPressure, CloseWaitLeak>()",
      "Sources/Diagnosis/Rules/OrphanPressure.swift":
        "static let orphanPressure = RuleID(\"orphan-pressure\")\nlet id = RuleID.orphanPressure",
      "Sources/Reporting/Guide/Rules/OrphanPressure+Guide.swift": "extension OrphanPressure {}",
      "Sources/Reporting/A.swift": """
      switch rule {
      case .orphanPressure: 1 // .closeWaitLeak
      default: name == "orphan-pressure" || "see orphan-pressure" == name ? 2 : 3
      }
      let orphanPressure = OrphanPressure.causes
      """,
      "Tests/A.swift": "rule == .orphanPressure",
    ]
    let names = "names the rule OrphanPressure; ask what the rule declares"
    #expect(
      found(.rulesStandAlone, in: files) == [
        "Sources/Reporting/A.swift:2: \(names)", "Sources/Reporting/A.swift:3: \(names)",
        "Sources/Reporting/A.swift:5: \(names)",
      ])
  }

  @Test func `a hostile fixture that no test names is found`() {
    let files = [
      "Tests/Fixtures/hostile/short-header.hex": "",
      "Tests/Fixtures/hostile/netlink/zero-length.hex": "",
      "Tests/Fixtures/hostile-recordings/no-clock.txt": "",
      "Tests/Fixtures/hostile-recordings/cut/look.txt": "",
      "Tests/Fixtures/hostile-recordings/cut/expected-error.txt": "",
      "Tests/Fixtures/hostile-recordings/short/look.txt": "",
      "Tests/Fixtures/hostile-recordings/short/expected-error.txt": "",
      "Tests/Fixtures/machines/a/clock": "",
      "Tests/KernelTablesTests/ATests.swift":
        "\"short-header\" \"netlink/zero-length.hex\" \"cut\" \"look.txt\"",
    ]
    #expect(
      found(.noDeadFixture, in: files) == [
        "Tests/Fixtures/hostile-recordings/short:1: no test names 'short'",
        "Tests/Fixtures/hostile-recordings/no-clock.txt:1: no test names 'no-clock.txt'",
      ])
  }

  @Test func `a link to nowhere is found`() {
    let text = """
      [a](Sources/A.swift) [b](deploy) [c](#here) [d](https://example.org/x) [e](deploy/run#L3)
      [f](deploy/gone) and ![g](gone.png)
      """
    let files = [
      "README.md": text, "Sources/A.swift": "", "deploy/run": "",
      ".github/CONTRIBUTING.md": "[h](../README.md) [i](README.md)",
    ]
    #expect(
      found(.noLinkToNowhere, in: files) == [
        ".github/CONTRIBUTING.md:1: 'README.md' leads nowhere",
        "README.md:2: 'deploy/gone' leads nowhere",
        "README.md:2: 'gone.png' leads nowhere",
      ])
  }

  @Test func `an entry of the top level that nobody agreed to is found`() {
    let files = ["Package.swift": "", "Sources/A.swift": "", "notes.txt": "", "scripts/a": ""]
    #expect(
      found(.topLevel, in: files) == [
        "notes.txt:1: is not an agreed entry", "scripts:1: is not an agreed entry",
      ])
  }

  @Test func `a path of a build machine is found`() {
    let folder = "/wo" + "rk/"
    let text =
      "see \(folder)notes\nhttps://example.org\(folder)notes and net\(folder)a\n\(folder)\n"
    #expect(
      found(.noMachinePath, in: ["README.md": text]) == [
        "README.md:1: \(folder) exists on one machine only",
        "README.md:3: \(folder) exists on one machine only",
      ])
  }

  @Test func `a script that can't run or goes on after errors is found`() {
    let safe = "set -euo pipefail\n"
    let scripts = SourceTree(files: [
      SourceFile(path: "deploy/a", text: "#!/usr/bin/env bash\n" + safe, isExecutable: true),
      SourceFile(path: "deploy/b", text: "#!/bin/bash\n" + safe),
      SourceFile(path: "deploy/c", text: "#!/bin/bash\n# set -euo pipefail\n", isExecutable: true),
    ])
    #expect(
      TidyRule.scriptsRun.violations(scripts) == [
        "deploy/b:1: chmod +x", "deploy/c:1: needs 'set -euo pipefail'",
      ])
  }

  @Test func `an architecture outside of its file is found`() {
    let files = [
      "Sources/CLinuxDiag/Architecture.h": "#if defined(__x86_64__)\n",
      "Sources/CLinuxDiag/eye.c": "int a;\n#ifdef __aarch64__\n",
      "Sources/LinuxHost/A.swift": "#if arch(arm64)\n#endif",
      "Tests/B.swift": "#if arch(arm64)\n#endif",
    ]
    let home = "belongs in Sources/CLinuxDiag/Architecture.h"
    #expect(
      found(.architectureInOneFile, in: files) == [
        "Sources/CLinuxDiag/eye.c:2: __aarch64__ \(home)",
        "Sources/LinuxHost/A.swift:1: arch(arm64) \(home)",
      ])
  }

  @Test func `a skip that CI would not notice is found`() {
    let text = """
      @Test(.enabled(if: isRoot)) func a() {}
      @Test(.requires(.root), .disabled("later")) func b() {}
      let enabled = true // .enabled(if: false)
      """
    #expect(
      found(.skipsSayWhy, in: ["Tests/A/B.swift": text]) == [
        "Tests/A/B.swift:1: use .requires(…): CI must know what is skipped",
        "Tests/A/B.swift:2: use .requires(…): CI must know what is skipped",
      ])
  }
}
