// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// What was not looked at for a while, or slept.
struct GapTests {
  private func server() -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    return story
  }

  /// Who of them has been closed meanwhile is known by the look after it: a drain that has nearly
  /// ended looks the same.
  @Test func `a leak that goes on is told by the second look after a pause`() {
    var story = server()
    story.host.add(at: stride(from: 600, to: 1000, by: 5)) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second)
    }
    story.look(every: 15, through: 690)
    story.look(at: 900)
    #expect(story.firing == [])
    story.look(at: 915)
    #expect(story.firingRules == [.closeWaitLeak])
  }

  /// Long polls of 90 s, of which the host sleeps through most.
  @Test func `a sleep right after a pause of the looks does not make a socket older`() {
    var story = server()
    story.host.sleeps = [910...1790]
    story.host.add(at: (0..<20).map { 880 + Double($0) / 2 }) { second in
      .accepted(on: 8080, by: 100).enters(.closeWait, at: second, unread: 1).leaves(at: 1850)
    }
    story.look(every: 15, through: 600)
    story.look(at: 900)
    story.look(every: 15, from: 1800, through: 2000)
    #expect(story.events == [])
  }
}
