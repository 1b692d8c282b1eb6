// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// To which test a socket belongs.
@Suite struct RunTestNameTests {
  private static func names(_ story: RunStory) -> [String?] {
    var story = story
    story.order.isStrict = true
    return story.told().left.map(\.test)
  }

  @Test func `a socket is of the test in which it first appeared, however long it stays`() {
    var story = RunStory()
    story.tests = [("first", 1, true), ("second", 2, true), ("third", 3, true)]
    story.host.add(.leaked(to: 1, at: 0.6))
    story.host.add(
      .opened(to: 2, by: RunStory.suite).enters(.established, at: 1.4)
        .enters(.closeWait, at: 3.4, unread: 1))
    story.host.add(.leaked(to: 3, at: 2.5))
    #expect(Self.names(story) == [nil, "first", "second"])
  }

  @Test func `one that came just before the next test is of the one before, who waits or not`() {
    for isAwaited in [true, false] {
      var story = RunStory()
      story.tests = [("first", 1, isAwaited), ("second", 1.113, isAwaited)]
      story.host.add(.leaked(to: 1, at: 1.11).changed { $0.usedSeconds = 0.1 })
      #expect(Self.names(story) == ["first"])
    }
  }

  @Test func `one that comes before the look at a beginning is over is of that test`() {
    var story = RunStory()
    story.tests = [("first", 1, false)]
    var socket = ScriptedSocket.opened(to: 1, by: RunStory.suite).enters(.established, at: 1.0002)
    socket = socket.enters(.closeWait, at: 1.0004, unread: 1)
    story.host.add(socket)
    #expect(Self.names(story) == ["first"])
    // A runner that waits has opened nothing meanwhile: it is somebody else's.
    story.tests = [("first", 1, true)]
    #expect(Self.names(story) == [nil])
  }

  @Test func `what is left is told in the order of the tests`() {
    var story = RunStory()
    story.tests = (0..<20).map { ("test \($0)", 0.1 * Double($0), true) }
    for index in (0..<20).reversed() {
      story.host.add(
        .leaked(to: UInt16(1 + index), at: 0.1 * Double(index) + 0.05)
          .changed { $0.phases[0].at += 0.06 })
    }
    #expect(Self.names(story) == (0..<20).map { "test \($0)" })
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `whatever happens, each leak is told once and nothing else is`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var story = RunStory()
    story.order.isStrict = true
    story.ends = 12
    story.host.listen(8080, by: RunStory.suite)
    story.tests = (0..<8).map { ("test \($0)", Double($0), true) }
    var expected: [String] = []
    for _ in 0..<30 {
      let second = Double.random(in: 0.3...7, using: &random)
      let inbound = Bool.random(using: &random)
      let leaked: ScriptedSocket =
        inbound ? .leaked(on: 8080, at: second) : .leaked(to: 443, at: second)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: story.host.add(leaked.leaves(at: second + .random(in: 0...1.7, using: &random)))
      case 1:
        story.host.add(leaked.isReleased(at: second + 1).enters(.lastAck, at: second + 1))
      case 2: story.host.add(leaked.changed { $0.phases.removeLast() })
      default:
        story.host.add(leaked)
        expected.append("test \(Int(second - 0.1))")
      }
    }
    let left = story.told().left
    #expect(left.map { $0.test ?? "" } == expected.sorted())
    #expect(left.allSatisfy { $0.excuse == nil })
  }

  @Test func `a pattern is matched as a shell matches it`() {
    for (pattern, name, isMatch) in [
      ("", "", true), ("*", "", true), ("", "a", false), ("a*", "a", true), ("*a", "ba", true),
      ("*a*b", "xaxb", true), ("*a*b", "xaxbc", false), ("a?c", "abc", true), ("a?c", "ac", false),
      ("**x", "x", true), ("?", "", false), ("[a]", "a", false), ("*.go:*", "x_test.go:7", true),
    ] {
      #expect(NamePattern(pattern).matches(name) == isMatch, "\(pattern) \(name)")
    }
  }
}
