// SPDX-License-Identifier: Apache-2.0

import Reporting
import TestSupport
import Testing

@testable import closewatch_files

/// What is checked in below `deploy` against what is generated.
@Suite struct GeneratedFileTests {
  private static let deploy = "\(Fixture.root)/../../deploy"

  @Test func `what is checked in is what is generated`() throws {
    for file in try GeneratedFile.all() {
      let kept = readBytes("\(Self.deploy)/\(file.path)").map {
        String(decoding: $0, as: UTF8.self)
      }
      #expect(kept == file.text, "deploy/\(file.path) is out of date: run deploy/generate")
    }
  }

  @Test(arguments: ["man", "completions"])
  func `a folder of generated files has no other`(_ folder: String) throws {
    let names = try GeneratedFile.all().map(\.path).filter { $0.hasPrefix(folder + "/") }
      .map { String($0.dropFirst(folder.count + 1)) }
    let list = try ChildProgram.run("ls", ["-1", "\(Self.deploy)/\(folder)"])
    #expect(Set(list.lines) == Set(names))
  }

  @Test func `dashboards, alerts and records ask only for series that there are`() throws {
    let known = Set(MetricCatalog.all.map(\.sampleName) + AlertRulesText.recordNames)
    let files = try GeneratedFile.all().filter {
      $0.path.hasPrefix("grafana/") || $0.path.hasPrefix("prometheus/")
    }
    #expect(files.count >= 3)
    for file in files {
      let words = file.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != ":" }
      for name in Set(words) where name.contains("closewatch_") {
        #expect(known.contains(String(name)), "deploy/\(file.path) asks for \(name)")
      }
    }
  }
}
