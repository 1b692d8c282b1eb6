// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// A leak that ended with its service, and comes again with the next start of it.
struct ServiceEndTests {
  /// A server that leaks a socket every 30 s, is stopped after half an hour, and started again.
  private func restarted(_ add: (inout HostScript) -> Void = { _ in }) -> Story {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service", until: 1800)
    story.host.start("api", pid: 200, unit: "api.service", from: 1805)
    story.host.listen(8080, by: 100, 200)
    story.host.add(at: stride(from: 30, to: 1800, by: 30)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 20)
        .enters(.closeWait, at: second).leaves(at: 1800)
    }
    story.host.add(at: stride(from: 1830, to: 3600, by: 30)) { second in
      .accepted(on: 8080, by: 200).enters(.established, at: second - 20)
        .enters(.closeWait, at: second)
    }
    add(&story.host)
    return story
  }

  @Test func `after a restart the leak is told as soon as the first time`() throws {
    var story = restarted()
    story.look(every: 10, through: 1790)
    #expect(story.firing.first?.holders == [100])
    story.look(every: 10, from: 1800, through: 2040)
    let leak = try #require(story.firing.first)
    #expect(story.firingRules == [.closeWaitLeak])
    #expect(leak.holders == [200])
    #expect(leak.sockets == 8)
    #expect(leak.doubts == [])
  }

  @Test func `a row that is LAST_ACK for a while ends with its process too`() throws {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service", until: 1800)
    story.host.start("api", pid: 200, unit: "api.service", from: 1805)
    story.host.listen(8080, by: 100, 200)
    story.host.add(at: stride(from: 30, to: 1800, by: 30)) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 20)
        .enters(.closeWait, at: second).enters(.lastAck, at: 1800).isReleased(at: 1800)
        .changed { $0.rowEnds = 1830 }
    }
    story.host.add(at: stride(from: 1830, to: 3600, by: 30)) { second in
      .accepted(on: 8080, by: 200).enters(.established, at: second - 20)
        .enters(.closeWait, at: second)
    }
    story.look(every: 10, through: 2040)
    #expect(story.firing.first?.holders == [200])
  }

  @Test func `a process that lives and has closed them all is still one that closes`() {
    var story = Story()
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 100)
    for start in stride(from: 0.0, to: 3600, by: 600) {
      story.host.add(at: stride(from: start + 30, to: start + 590, by: 30)) { second in
        .accepted(on: 8080, by: 100).enters(.established, at: second - 20)
          .enters(.closeWait, at: second).leaves(at: start + 600)
      }
    }
    story.look(every: 10, through: 1200)
    // It closes what it has every ten minutes: that is known from here on.
    story.look(every: 10, from: 1210, through: 1500)
    #expect(story.firing == [])
  }

  @Test func `a worker that is replaced is the service's way to close`() {
    var story = Story()
    story.host.start("master", pid: 99, executable: "/usr/bin/api", unit: "api.service")
    for (number, start) in stride(from: 0.0, to: 3600, by: 600).enumerated() {
      let pid = Int32(100 + number)
      story.host.start(
        "worker", pid: pid, parent: 99, executable: "/usr/bin/api", unit: "api.service",
        from: start, until: start + 600)
      story.host.add(at: stride(from: start + 30, to: start + 590, by: 30)) { second in
        .accepted(on: 8080, by: pid).enters(.established, at: second - 20)
          .enters(.closeWait, at: second).leaves(at: start + 600)
      }
    }
    story.host.listen(8080, by: 99)
    story.look(every: 10, through: 1500)
    #expect(story.firing == [])
  }
}
