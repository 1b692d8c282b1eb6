// SPDX-License-Identifier: Apache-2.0

import Testing
import Tracing

/// What comes from the process that has no rights, and may be anything.
@Suite struct NamedStacksTests {
  private static let answer =
    "S\n" + NamedStacks.line(function: "recv", source: nil, line: nil, path: "/lib/libc.so.6")
    + NamedStacks.line(function: "handle", source: "/src/a.c", line: 9, path: "/srv/a")
    + "S\n" + NamedStacks.line(function: nil, source: nil, line: nil, path: "/srv/a")

  @Test func `stacks come back as they were written, with libc not own`() {
    let named = NamedStacks(Array(Self.answer.utf8), count: 2, isWhole: true)
    #expect(
      named.stacks == [
        [
          StackFrame(function: "recv", file: "/lib/libc.so.6", isOwn: false),
          StackFrame(function: "handle", file: "/src/a.c", line: 9),
        ],
        [StackFrame(function: nil, file: "/srv/a")],
      ])
  }

  @Test func `of a process that has not come to its end the last stack is not believed`() {
    let named = NamedStacks(Array(Self.answer.utf8), count: 2, isWhole: false)
    #expect(named.stacks.count == 1)
  }

  @Test func `a stack that is cut before any own code names nobody`() {
    let call = NamedStacks.line(function: "recv", source: nil, line: nil, path: "/lib/libc.so.6")
    let own = NamedStacks.line(function: "handle", source: "/src/a.c", line: 9, path: "/srv/a")
    let answer = "S\n" + call + NamedStacks.cut + "S\n" + call + own + NamedStacks.cut
    let named = NamedStacks(Array(answer.utf8), count: 2, isWhole: true)
    #expect(named.stacks.map(\.count) == [0, 2])
  }

  @Test func `a stack that is longer than its copy ends with what says so`() throws {
    let call = NamedStacks.line(function: "read_all", source: "/src/a.c", line: 9, path: "/srv/a")
    let answer = "S\n" + call + NamedStacks.tooLong + "S\n" + NamedStacks.tooLong
    let named = NamedStacks(Array(answer.utf8), count: 2, isWhole: true)
    #expect(named.stacks.map(\.count) == [2, 0])
    #expect(named.stacks[0].last == .beyondCopy)
  }

  @Test func `no more stacks are taken than were asked for`() {
    #expect(NamedStacks(Array(Self.answer.utf8), count: 1, isWhole: true).stacks.count == 1)
    #expect(NamedStacks(Array(Self.answer.utf8), count: 0, isWhole: true).stacks.isEmpty)
  }

  @Test func `a name cannot begin another line or part`() {
    let line = NamedStacks.line(function: "a\nS\tb", source: nil, line: 1, path: "")
    let named = NamedStacks(Array(("S\n" + line).utf8), count: 5, isWhole: true)
    #expect(named.stacks.map { $0.map(\.function) } == [["a?S?b"]])
  }

  @Test(arguments: ["F\t1\tf\ts\tp\n", "S\nF\t1\n", "S\nF\tx", "\u{0}\u{1}", "S\nG\t1\tf\ts\tp\n"])
  func `rubbish names nothing`(text: String) {
    let named = NamedStacks(Array(text.utf8), count: 9, isWhole: true)
    #expect(named.stacks.joined().isEmpty)
  }
}
