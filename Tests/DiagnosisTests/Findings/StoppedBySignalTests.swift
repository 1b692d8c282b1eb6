// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Servers that a signal has stopped (SIGSTOP, job control): state T, until SIGCONT.
struct StoppedBySignalTests {
  /// A server with a queue that nobody takes from, and clients that it has accepted and left.
  private func server(workers: Int32...) -> Story {
    var story = Story()
    for pid in workers { story.host.start("api", pid: pid, unit: "api.service") }
    story.host.listen(8080, by: workers)
    story.host.add(at: (1...9).map { Double($0) }) { second in
      .accepted(on: 8080, by: nil).enters(.established, at: second)
        .enters(.closeWait, at: second + 30, unread: 1)
    }
    story.host.add(at: (1...20).map { Double($0) / 2 }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second)
        .enters(.closeWait, at: second + 30, unread: 200)
    }
    return story
  }

  @Test func `a stopped server is the root of its queue and of the clients that it has left`()
    throws
  {
    var story = server(workers: 100)
    story.host.stopped = [100]
    story.look(every: 15, through: 300)
    #expect(Set(story.firing.map(\.state)).isSuperset(of: [.closeWait]))
    #expect(story.firing.count >= 2)
    for finding in story.firing {
      #expect(finding.root?.kind == .stoppedBySignal, "\(finding.rule)")
      #expect(finding.root?.process?.id.pid == 100)
    }
    story.host.stopped = []
    story.look(every: 15, from: 315, through: 400)
    #expect(story.firing.allSatisfy { $0.root == nil })
  }

  @Test func `one that is stopped among others that listen says nothing of their queue`() throws {
    var story = server(workers: 100, 101)
    story.host.stopped = [100]
    story.look(every: 15, through: 300)
    #expect(try #require(story.firing.first { $0.rule == .acceptQueueStall }).root == nil)
    let left = try #require(story.firing.first { $0.rule == .closeWaitStuck })
    #expect(left.root?.kind == .stoppedBySignal)
  }
}
