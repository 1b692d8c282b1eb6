// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What all findings have in common: identity, severity, forecast, doubts.
struct FindingDraftTests {
  /// A server that leaks one socket every ten seconds.
  private func leak(
    limit: UInt64 = 1024, files: Int = 12, through end: Double = 600,
    _ change: (inout Story) -> Void = { _ in }
  ) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service", limit: limit) { _ in files }
    story.host.listen(8080, by: 100)
    story.host.add(at: stride(from: 10, through: 2000, by: 10)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 5)
        .enters(.closeWait, at: second, unread: 1)
    }
    change(&story)
    story.look(every: 10, through: end)
    return story
  }

  @Test func `the forecast says when the descriptors run out, with a range around it`() throws {
    let story = leak()
    let forecast = try #require(story.firing.first?.forecast)
    // 60 leaked, the listener, 12 files. 951 left at one in ten seconds.
    #expect(forecast.resource == .descriptors)
    #expect(forecast.used == 73)
    #expect(forecast.limit == 1024)
    let seconds = try #require(forecast.seconds)
    #expect(abs(seconds - 9510) < 0.2 * 9510)
    let low = try #require(forecast.lowSeconds)
    let high = try #require(forecast.highSeconds)
    #expect(low < 9510 && 9510 < high)
    #expect(low < seconds && seconds < high)
  }

  @Test func `severity is by what runs out and when`() {
    // 51 left: 510 s. 951 left: less than three hours. A week and more.
    #expect(leak(limit: 124).firing.first { $0.rule == .closeWaitLeak }?.severity == .critical)
    #expect(leak(limit: 1024).firing.map(\.severity) == [.warning])
    #expect(leak(limit: 500_000).firing.map(\.severity) == [.notice])
  }

  @Test func `nine tenths of the limit are critical, however slow it grows`() {
    let story = leak(limit: 500_000, files: 450_000)
    #expect(story.firing.first { $0.rule == .closeWaitLeak }?.severity == .critical)
  }

  @Test func `a process without a limit has no forecast`() {
    let story = leak(limit: .max)
    #expect(story.firing.first?.forecast == nil)
    #expect(story.firing.map(\.severity) == [.warning])
  }

  @Test func `the fallback to /proc lowers the confidence and still finds the leak`() throws {
    let story = leak { $0.host.namespaces[0].source = .procNetTCP }
    let found = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(found.doubts == [.sourceLimited])
    #expect(found.holders == [100])
    #expect(found.oldest?.bound == .atLeast)
  }

  @Test func `a gap of the sampler is said`() throws {
    var story = leak()
    story.look(every: 10, from: 700, through: 730)
    #expect(try #require(story.firing.first).doubts == [.samplerGap])
  }

  @Test func `the id has the rule, the owner, the port and a named namespace`() {
    let unit = leak()
    #expect(unit.firing.map(\.id) == ["close-wait-leak/unit:api.service/:8080"])
    let named = leak { $0.host.namespaces[0].name = "blue" }
    #expect(named.firing.map(\.id) == ["close-wait-leak/unit:api.service/:8080/netns:blue"])
  }

  @Test func `examples are the oldest, with pid and descriptor to check them by`() throws {
    let found = try #require(leak().firing.first)
    #expect(found.examples.count == 3)
    #expect(found.examples.map(\.age.seconds) == [590, 580, 570])
    #expect(found.examples.allSatisfy { $0.holder?.process.pid == 100 && $0.age.bound == .exact })
    #expect(found.examples.allSatisfy { $0.holder?.inode == $0.row.inode })
  }
}
