// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcStatTests {
  private static let rest =
    "S 811 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 17 0 4711 9 10 11"

  @Test(arguments: ["nginx", "a b", "x) S 1 (y", ")", "(", "", "a\nb", ") R 1 2"])
  func `a name of any bytes does not shift the fields behind it`(name: String) throws {
    let stat = try ProcStat(Array("812 (\(name)) \(Self.rest)\n".utf8))
    #expect(stat.command == name)
    #expect(stat.id == ProcessID(pid: 812, startTicks: 4711))
    #expect(stat.parent == 811)
    #expect(stat.threads == 17)
    #expect(stat.state == UInt8(ascii: "S"))
    #expect(!stat.isZombie)
  }

  @Test(
    arguments: [
      (" 12 13 140731822235504 15 16", 140_731_822_235_504), (" 12 13 0 15 16", 0),
      (" 12 13", 0), ("", 0),
    ] as [(String, UInt64)])
  func `the start of the stack is field 28, and 0 where it is not shown`(
    rest: String, expected: UInt64
  ) throws {
    let stat = try ProcStat(Array("812 (x) \(Self.rest)\(rest)\n".utf8))
    #expect(stat.startStack == expected)
  }

  @Test(arguments: [("T", true), ("t", false), ("S", false), ("D", false)])
  func `who a signal has stopped is not who a tracer holds`(letter: String, isStopped: Bool) throws
  {
    let text = "812 (x) \(letter)" + Self.rest.dropFirst()
    #expect(try ProcStat(Array(text.utf8)).isStopped == isStopped)
  }

  @Test func `the letter Z is a zombie, which has ended when it has no other thread`() throws {
    let text = "812 (x) Z" + Self.rest.dropFirst()
    let leader = try ProcStat(Array(text.utf8))
    #expect(leader.isZombie)
    #expect(leader.hasEnded == (leader.threads == 1))
    var ended = leader
    ended.threads = 1
    #expect(ended.hasEnded)
    ended.threads = 2
    #expect(!ended.hasEnded)
  }
}
