// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Tracing

/// Stacks of `Tests/Fixtures/stacks`, the innermost call first: function, source file, file of the
/// code. `*` marks what is the program's own.
@Suite struct OwnCodeTests {
  @Test(arguments: try Fixture.names(in: "stacks"))
  func `what a program is built on is not its own`(name: String) throws {
    let stack = String(decoding: try Fixture.bytes("stacks/\(name)"), as: UTF8.self)
    for line in stack.split(separator: "\n") {
      let isOwn = line.hasPrefix("* ")
      let parts = line.dropFirst(isOwn ? 2 : 0).split(
        separator: "|", omittingEmptySubsequences: false
      ).map { part in
        String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      let answer = OwnCode.isOwn(
        function: parts[0], source: parts[1].isEmpty ? nil : parts[1], path: parts[2])
      #expect(answer == isOwn, "\(line)")
    }
  }

  @Test func `code without any name in the program's own file is its own`() {
    #expect(OwnCode.isOwn(function: nil, source: nil, path: "/srv/leak"))
    #expect(!OwnCode.isOwn(function: nil, source: nil, path: "/lib/x86_64-linux-gnu/libc.so.6"))
    let ruby = "/usr/lib/x86_64-linux-gnu/ruby/3.1.0/socket.so"
    #expect(!OwnCode.isOwn(function: "rsock_s_accept", source: nil, path: ruby))
  }

  @Test func `code that is in no file and has no name is nobody's`() {
    #expect(!OwnCode.isOwn(function: nil, source: nil, path: ""))
    // Where BEAM and .NET put what they make, libraries and all.
    #expect(!OwnCode.isOwn(function: nil, source: nil, path: "/memfd:vmem (deleted)"))
  }
}
