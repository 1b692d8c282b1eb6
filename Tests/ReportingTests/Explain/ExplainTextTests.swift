// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import TestSupport
import Testing

@Suite struct ExplainTextTests {
  /// A host on which one setting cannot be read.
  static func value(of setting: SysctlGuide.Setting) -> SysctlValue {
    setting.name == "net.ipv4.tcp_mem" ? .unreadable("no such file") : .value("60")
  }

  static func text(_ topic: ExplainTopic, runtime: ProcessRuntime = .unknown) -> String {
    var audience = GuideAudience()
    audience.runtime = runtime
    return ExplainText(topic, style: TextStyle(), audience: audience, value: value).text()
  }

  /// Every page there is.
  static let topics: [ExplainTopic] =
    [.overview] + (ExplainTopic.words.compactMap(ExplainTopic.find))

  @Test(arguments: [
    (ExplainTopic.overview, "explain-overview.txt"),
    (.state(.closeWait), "explain-close-wait.txt"),
    (.state(.close), "explain-close.txt"),
    (.rule(.closeWaitLeak), "explain-close-wait-leak.txt"),
    (.cause(.closeWaitLeak, .dataUnread), "explain-data-unread.txt"),
  ])
  func `the pages are those that a person has read`(_ topic: ExplainTopic, _ name: String) {
    let difference = Golden.difference(Self.text(topic), name)
    #expect(difference == nil)
  }

  @Test func `the page of CLOSE_WAIT, and no other state's, names release as a stopgap`() throws {
    for state in TCPState.shown {
      let hasAid = state == .closeWait
      #expect(Self.text(.state(state)).contains("closewatch release PID") == hasAid, "\(state)")
      let bytes = ExplainJSON(.state(state), value: Self.value).bytes()
      let json = String(decoding: bytes, as: UTF8.self)
      #expect(json.contains("\"first_aid\":{\"command\":\"closewatch release PID") == hasAid)
    }
  }

  @Test(arguments: topics)
  func `every page keeps to 79 columns of ASCII and fills its placeholders`(
    _ topic: ExplainTopic
  ) {
    for runtime in ProcessRuntime.allCases {
      let text = Self.text(topic, runtime: runtime)
      for line in text.split(separator: "\n") {
        #expect(line.utf8.count <= 79, "\(line)")
        #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }, "\(line)")
      }
      for placeholder in GuidePlaceholder.allCases {
        #expect(!text.contains("{\(placeholder.rawValue)}"))
      }
    }
  }

  @Test func `a setting that cannot be read says so and why`() throws {
    let setting = try #require(SysctlGuide.settings.first { $0.name == "net.ipv4.tcp_mem" })
    #expect(Self.text(.sysctl(setting)).contains("here      not readable here (no such file)"))
    let json = ExplainJSON(.sysctl(setting), value: Self.value).bytes()
    let object = String(decoding: json, as: UTF8.self)
    #expect(object.contains(#""value":null,"unreadable":"no such file""#))
  }

  @Test func `only the settings on the page are read`() throws {
    var read: [String] = []
    _ = ExplainText(.rule(.closeWaitLeak), style: TextStyle()) { setting in
      read.append(setting.name)
      return .value("1")
    }.text()
    #expect(read.isEmpty)
    let setting = try #require(SysctlGuide.settings.first)
    _ = ExplainText(.sysctl(setting), style: TextStyle()) { setting in
      read.append(setting.name)
      return .value("1")
    }.text()
    #expect(read == [setting.name])
  }

  @Test func `the state's own place in the drawing is marked, and only that`() {
    for state in TCPState.shown {
      let text = Self.text(.state(state))
      #expect(text.contains("[\(state.name)]"))
      #expect(text.count { $0 == "[" } == 1)
    }
  }

  @Test(arguments: [
    (120.0, "2 min"), (90, "90 s"), (7, "7 s"), (3600, "1 h"), (3700, "3700 s"), (1.5, "1.500 s"),
  ])
  func `a time is shown exactly as it is set, whether patience or another`(
    _ seconds: Double, _ shown: String
  ) {
    var settings = RuleSettings()
    (settings.patienceSeconds, settings.criticalHorizonSeconds) = (seconds, seconds)
    let lines = ThresholdLine.all(of: .deadSocketLeak, settings)
    let times = lines.filter { ["rules.patience", "rules.critical-horizon"].contains($0.name) }
    #expect(times.map(\.value) == [shown, shown])
  }

  @Test func `a threshold that is set otherwise is shown as it is`() {
    var settings = RuleSettings()
    settings.fewestStuck = 17
    let text = ExplainText(
      .rule(.deadSocketLeak), style: TextStyle(), settings: settings, value: Self.value
    ).text()
    #expect(text.contains("  17        Fewest stuck sockets"))
  }

  @Test(arguments: topics)
  func `the JSON of a page has its name and no placeholder`(_ topic: ExplainTopic) {
    let bytes = ExplainJSON(topic, value: Self.value).bytes()
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.hasPrefix(#"{"schema_version":1,"kind":""#))
    #expect(text.hasSuffix("}\n"))
    #expect(!text.contains("{pid}"))
  }
}
