// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxHost
import TestSupport
import Testing

/// A report takes the place of a file, and of nothing else.
@Suite struct WholeFileTests {
  private let directory = TemporaryDirectory()

  private func place(_ name: String) -> String { directory.path + "/" + name }

  private func text(_ name: String) -> String? {
    directory.read(name).map { String(decoding: $0, as: UTF8.self) }
  }

  private func write(_ words: String, to name: String) throws {
    try WholeFile(place(name)).write(Array(words.utf8))
  }

  private func isLink(_ name: String) -> Bool {
    var status = stat()
    return lstat(place(name), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private func names() throws -> [String] {
    try ChildProgram.run("ls", ["-A", directory.path]).lines
  }

  @Test func `a descriptor's name is written to, and stays, however one comes to it`() throws {
    directory.write("output", Array("before\n".utf8))
    let fd = open(place("output"), O_RDWR)
    try #require(fd >= 0)
    defer { close(fd) }
    // As /dev/stdout is one.
    symlink("/proc/self/fd/\(fd)", place("stream"))
    symlink("stream", place("report"))
    for name in ["stream", "report"] {
      try write("\(name)\n", to: name)
      #expect(isLink(name))
    }
    #expect(text("output") == "before\nstream\nreport\n")
    #expect(try names() == ["output", "report", "stream"])
  }

  @Test func `a link stays, and the file that it leads to is replaced or made`() throws {
    mkdir(place("runs"), 0o755)
    directory.write("runs/old", Array("a longer text than the new one".utf8))
    for (name, target) in [("first", "runs/old"), ("second", place("runs/new"))] {
      symlink(target, place(name))
      try write(name, to: name)
      #expect(isLink(name))
      #expect(text(name) == name)
    }
    #expect(text("runs/new") == "second")
    symlink("round", place("round"))
    #expect(throws: SystemCallError.self) { try WholeFile(place("round")) }
    #expect(try ChildProgram.run("ls", [place("runs")]).lines == ["new", "old"])
  }

  @Test func `two at a time do no harm, nothing else stays, and others may read it`() throws {
    let (one, other) = (try WholeFile(place("report")), try WholeFile(place("report")))
    _ = consume other
    #expect(text("report") == nil)
    try one.write(Array("whole".utf8))
    #expect(text("report") == "whole")
    #expect(try names() == ["report"])
    var status = stat()
    try #require(stat(place("report"), &status) == 0)
    let mask = umask(0o22)
    umask(mask)
    #expect(status.st_mode & 0o777 == 0o666 & ~mask)
  }
}
