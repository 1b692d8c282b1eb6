// SPDX-License-Identifier: Apache-2.0

import Testing
import Tracing

/// Which files a process has code of.
@Suite struct MappedCodeTests {
  @Test func `code of files is taken, of each the piece that leads to it`() {
    let maps = """
      55d0c0a00000-55d0c0a01000 r--p 00000000 08:01 1835 /srv/my app
      55d0c0a01000-55d0c0a02000 r-xp 00001000 08:01 1835 /srv/my app (deleted)
      7f1c2a000000-7f1c2a021000 rw-p 00000000 00:00 0
      7f1c2a100000-7f1c2a101000 r-xp 00000000 00:00 0
      7ffc9e5d3000-7ffc9e5d5000 r-xp 00000000 00:00 0    [vdso]
      """
    #expect(
      MappedCode.all(in: maps).map { "\($0.path) \($0.link) \($0.offset)" }
        == ["/srv/my app 55d0c0a01000-55d0c0a02000 4096"])
  }

  @Test func `neighbouring pieces of a file are one, those of another bias are not`() {
    let maps = """
      10000-11000 r-xp 00001000 08:01 1 /srv/a
      11000-12000 r-xp 00002000 08:01 1 /srv/a
      20000-21000 r-xp 00001000 08:01 1 /srv/a
      """
    #expect(MappedCode.all(in: maps).map(\.end) == [0x12000, 0x21000])
  }

  @Test(arguments: [
    "", "x", "10000-11000", "11000-10000 r-xp 0 08:01 1 /a", "g-h r-xp 0 08:01 1 /a",
    "10000-11000 r-xp zz 08:01 1 /a", "10000-11000 r- 0 08:01 1 /a",
  ])
  func `a line that is none is left out`(line: String) {
    #expect(MappedCode.all(in: line).isEmpty)
  }

  @Test func `no more files are taken than may be opened`() {
    let maps = (1...9).map { "\($0)0000-\($0)1000 r-xp 0 08:01 \($0) /srv/\($0)" }
      .joined(separator: "\n")
    #expect(MappedCode.all(in: maps, most: 5).count == 5)
  }
}
