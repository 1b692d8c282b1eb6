// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

@Suite struct GuideTextTests {
  private let sample = GuideText(
    title: "t", meaning: "m",
    look: ["Dump {pid}", "Look:\n{netns}ss 'sport = :{port}'"],
    rescue: ["Restart:\nsystemctl restart {unit}"],
    fix: ["Close {fd}", "map[string]T{} and {nothing} stay"],
    doesNotHelp: [Futile("ss -K", why: "fd {fd} stays"), Futile("a", why: "b")])

  @Test func `a step without a value for its placeholder is dropped whole`() {
    var values = GuideValues()
    values.pid = 812
    let filled = sample.filled(with: values)
    #expect(filled.now == ["Dump 812"])
    #expect(filled.fix == ["map[string]T{} and {nothing} stay"])
    #expect(filled.doesNotHelp == [Futile("a", why: "b")])
  }

  @Test func `every known value is put in`() {
    var values = GuideValues()
    values.pid = 812
    values.fd = 7
    values.port = 8080
    values.unit = "web.service"
    values.namespaceMember = 99
    let filled = sample.filled(with: values)
    #expect(
      filled.now == [
        "Dump 812", "Look:\nnsenter -t 99 -n ss 'sport = :8080'",
        "Restart:\nsystemctl restart web.service",
      ])
    #expect(filled.fix.first == "Close 7")
    #expect(filled.doesNotHelp.first?.why == "fd 7 stays")
  }

  @Test func `spelled out, nothing is dropped and no known placeholder is left`() {
    let spelled = sample.spelledOut()
    #expect(
      spelled.now == ["Dump PID", "Look:\nss 'sport = :PORT'", "Restart:\nsystemctl restart UNIT"])
    #expect(spelled.fix.count == 2)
    #expect(spelled.doesNotHelp.count == 2)
  }

  @Test func `when time is short, what saves the service comes first, and none of it is cut`() {
    var text = GuideText(
      title: "t", meaning: "m", look: ["a", "b", "c"], rescue: ["1", "2", "3", "4"], fix: [],
      doesNotHelp: [])
    #expect(text.now == ["a", "b", "c", "1", "2", "3", "4"])
    #expect(text.firstSteps == ["a", "b", "c"])
    text.isUrgent = true
    #expect(text.now == ["1", "2", "3", "4", "a", "b", "c"])
    #expect(text.firstSteps == ["1", "2", "3", "4"])
    text.rescue = ["1"]
    #expect(text.firstSteps == ["1", "a", "b"])
  }
}
