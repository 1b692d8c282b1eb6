// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// Descriptors that went through fork and exec: who keeps the socket open, and who opened it.
struct InheritanceTests {
  /// A server that hands each connection to a child, or loses it there.
  ///
  /// - Parameter child: The pid of the child for a connection, and its descriptor.
  private func server(
    executable: String, fd: Int32 = 7, parentKeepsIt: Bool = false
  ) -> Story {
    var story = Story()
    story.host.start("httpd", pid: 100, unit: nil)
    story.host.listen(8080, by: 100)
    for number in 1...20 {
      let second = 20 * Double(number)
      let child = Int32(200 + number)
      let name = executable.split(separator: "/").last.map(String.init) ?? executable
      story.host.start(name, pid: child, parent: 100, executable: executable, from: second - 10)
      story.host.add(
        .accepted(on: 8080, by: nil).isHeld(by: child, fd: fd)
          .isHeld(by: 100, fd: 9, until: parentKeepsIt ? .infinity : second - 8)
          .enters(.established, at: second - 9).enters(.closeWait, at: second, unread: 1))
    }
    story.look(every: 10, through: 400)
    return story
  }

  @Test func `a child through exec is the holder, the listener the opener`() throws {
    let story = server(executable: "/usr/lib/cgi-bin/report")
    let leak = try #require(story.firing.first)
    #expect(story.firing.count == 1)
    #expect(leak.cause == .inheritedByChild)
    #expect(leak.holders.sorted() == (201...220).map { Int32($0) })
    #expect(leak.pids(.opener) == [100])
    #expect(leak.owner == Owner(.program, "httpd"))
  }

  @Test func `a handler that was given its connection as standard input is no heir`() throws {
    let story = server(executable: "/usr/sbin/in.fingerd", fd: 0)
    let leak = try #require(story.firing.first)
    #expect(leak.cause == .eofUnread)
    #expect(leak.holders.sorted() == (201...220).map { Int32($0) })
    #expect(leak.pids(.opener) == [])
  }

  /// `sleep 3000 &` in a service of inetd: its shell gives it /dev/null as standard input.
  @Test(arguments: [Int32(1), 2])
  func `a job that has its connection as output only is an heir`(fd: Int32) throws {
    let story = server(executable: "/usr/bin/sleep", fd: fd)
    let leak = try #require(story.firing.first)
    #expect(leak.cause == .inheritedByChild)
    #expect(leak.pids(.opener) == [100])
  }

  /// As inetd runs them: one for each connection, which is closed by its end.
  @Test func `a handler that ends in its own time closes for who listens`() {
    var story = Story()
    story.host.start("inetd", pid: 100, unit: nil)
    story.host.listen(79, by: 100)
    for number in 0..<60 {
      let (start, child) = (10 * Double(number), Int32(200 + number))
      story.host.start(
        "finger", pid: child, parent: 100, executable: "/usr/sbin/in.fingerd", from: start,
        until: start + 160)
      story.host.add(
        .accepted(on: 79, by: nil).isHeld(by: child, fd: 0).enters(.established, at: start)
          .enters(.closeWait, at: start + 1, unread: 0).leaves(at: start + 160))
    }
    story.look(every: 10, through: 580)
    #expect(story.firingRules == [])
  }

  @Test func `a handler forked for each connection is no heir`() throws {
    let story = server(executable: "/usr/bin/httpd")
    let leak = try #require(story.firing.first)
    #expect(story.firing.count == 1)
    #expect(leak.cause == .eofUnread)
    #expect(leak.pids(.opener) == [])
  }

  @Test func `while the parent holds it too, the parent has not closed it`() throws {
    let story = server(executable: "/usr/lib/cgi-bin/report", parentKeepsIt: true)
    let leak = try #require(story.firing.first)
    #expect(leak.holders.first == 100)
    #expect(leak.cause == .eofUnread)
  }

  @Test func `an outgoing connection that a child kept names the process that opened it`() throws {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.start("sleep", pid: 200, parent: 100, from: 5)
    story.host.add(at: (1...21).map { 20 * Double($0) }) { second in
      // Another program has it from the fork on; the opener closes its own descriptor.
      .opened(to: 443, by: nil).isHeld(by: 100, until: second)
        .isHeld(by: 200, from: second - 5).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 5, through: 420)
    let leak = try #require(story.firing.first)
    #expect(leak.cause == .inheritedByChild)
    // The newest were found with their opener, and are looked at again after half the patience. It
    // has closed all that are older.
    #expect(leak.holders == [200])
    #expect(leak.pids(.opener) == [100])
  }

  /// Twenty outgoing connections that only a child holds when the watch begins.
  private func child(
    from start: Double, parentConnects: Bool, openedEvery seconds: Double = 1
  ) -> Finding? {
    var story = Story()
    story.host.start("app", pid: 100)
    story.host.start("app", pid: 200, parent: 100, from: start)
    story.host.add(at: (0..<20).map { 100 + seconds * Double($0) }) { second in
      .opened(to: 443, by: nil).isHeld(by: 100, until: max(start, 301))
        .isHeld(by: 200, from: max(start, 100)).enters(.established, at: second)
        .enters(.closeWait, at: 320, unread: 1)
    }
    if parentConnects {
      story.host.add(.opened(to: 443, by: 100).enters(.established, at: 110))
    }
    story.look(every: 10, from: 305, through: 500)
    return story.finding(.closeWaitStuck)
  }

  @Test func `a child that is younger than the connections has inherited them`() throws {
    let stuck = try #require(child(from: 300, parentConnects: false))
    #expect(stuck.cause == .inheritedByChild)
    #expect(stuck.holders == [200])
    #expect(stuck.pids(.opener) == [100])
    #expect(stuck.culprits.first { $0.role == .opener }?.attribution == .parent)
  }

  @Test func `what was opened less than a second before the fork is inherited too`() throws {
    let stuck = try #require(child(from: 100.8, parentConnects: false, openedEvery: 0.02))
    #expect(stuck.cause == .inheritedByChild)
    // The clocks of a start and of a connection differ by less than that.
    let own = try #require(child(from: 100.03, parentConnects: false, openedEvery: 0.02))
    #expect(own.cause == .eofUnread)
  }

  @Test func `where it cannot be told, both possibilities are`() throws {
    let both = try #require(child(from: 50, parentConnects: true))
    #expect(both.cause == .eofUnread)
    #expect(both.holders == [200])
    #expect(both.doubts.contains(.holderOrHeir))
    let own = try #require(child(from: 50, parentConnects: false))
    #expect(!own.doubts.contains(.holderOrHeir))
  }

  @Test func `workers of a pre-fork server are reported once`() throws {
    var story = Story()
    story.host.start("gunicorn", pid: 100)
    for worker in Int32(201)...204 { story.host.start("gunicorn", pid: worker, parent: 100) }
    story.host.listen(8000, by: 100, 201, 202, 203, 204)
    for number in 1...26 {
      let second = 15 * Double(number)
      story.host.add(
        .accepted(on: 8000, by: Int32(201 + number % 4)).enters(.established, at: second - 10)
          .enters(.closeWait, at: second, unread: 0))
    }
    story.look(every: 10, through: 400)
    #expect(story.firing.count == 1)
    let leak = try #require(story.firing.first)
    #expect(leak.sockets == 26)
    #expect(leak.holders.sorted() == [201, 202, 203, 204])
    #expect(leak.cause == .eofReadNotClosed)
  }

  @Test func `the init process that keeps an activated listener is never the opener`() throws {
    var story = Story()
    story.host.start("systemd", pid: 1, parent: 0, executable: "/usr/lib/systemd/systemd")
    story.host.start("api", pid: 100, unit: "api.service")
    story.host.listen(8080, by: 1, 100)
    story.host.add(at: (1...21).map { 20 * Double($0) }) { second in
      .accepted(on: 8080, by: 100).enters(.established, at: second - 15)
        .enters(.closeWait, at: second, unread: 1)
    }
    story.look(every: 10, through: 420)
    let leak = try #require(story.firing.first)
    #expect(leak.cause == .eofUnread)
    #expect(leak.culprits.map(\.process.id.pid) == [100])
  }
}
