// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Orphans or TCP memory near the limits of the host.
struct OrphanPressureTests {
  private func host(orphans: Int = 0, pages: Int = 0, isRead: Bool = true) -> Story {
    var story = Story()
    story.host.namespaces[0].settings.areRead = isRead
    story.host.namespaces[0].settings.maxOrphans = 1000
    story.host.namespaces[0].settings.memoryPages = [700, 800, 1000]
    story.host.namespaces[0].sockstat.orphans = orphans
    story.host.namespaces[0].sockstat.memoryPages = pages
    return story
  }

  @Test func `half of the orphans that may be are a warning from the second look`() throws {
    var story = host(orphans: 500)
    story.look(at: 0)
    #expect(story.finding(.orphanPressure)?.lifecycle == .pending)
    #expect(story.finding(.orphanPressure)?.doubts == [.oneLook])
    story.look(at: 10)
    let found = try #require(story.firing.first)
    #expect(found.cause == .orphanLimit)
    #expect(found.severity == .warning)
    #expect(found.forecast == Forecast(resource: .orphans, used: 500, limit: 1000))
    #expect(found.culprits == [])
  }

  @Test func `one orphan less is none`() {
    var story = host(orphans: 499)
    story.look(every: 10, through: 60)
    #expect(story.watch.findings == [])
  }

  @Test func `nine tenths are critical`() {
    var story = host(orphans: 900)
    story.look(every: 10, through: 60)
    #expect(story.firing.map(\.severity) == [.critical])
  }

  @Test func `memory at the kernel's pressure mark is a finding, one page less is none`() throws {
    var under = host(pages: 799)
    under.look(every: 10, through: 60)
    #expect(under.watch.findings == [])
    var story = host(pages: 800)
    story.look(every: 10, through: 60)
    let found = try #require(story.firing.first)
    #expect(found.cause == .memoryLimit)
    #expect(found.forecast == Forecast(resource: .tcpMemory, used: 800, limit: 1000))
  }

  @Test func `limits that could not be read are no limits`() {
    var story = host(orphans: 65_000, isRead: false)
    story.look(every: 10, through: 60)
    #expect(story.watch.findings == [])
  }

  @Test func `it resolves when they are gone`() {
    var story = host(orphans: 500)
    story.look(every: 10, through: 60)
    story.host.namespaces[0].sockstat.orphans = 20
    story.look(every: 10, from: 70, through: 200)
    #expect(story.events.map(\.kind) == [.firing, .resolved])
  }

  @Test func `it judges by the thresholds that it declares, and by no other`() throws {
    try ThresholdTrial.check(
      .orphanPressure,
      [
        ThresholdTrial(through: 60) { host in
          host.namespaces[0].settings.areRead = true
          host.namespaces[0].settings.maxOrphans = 1000
          host.namespaces[0].sockstat.orphans = 500
        }
      ])
  }
}
