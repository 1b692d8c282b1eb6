// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct SocketLinkTests {
  @Test(arguments: [
    ("socket:[30182]", SocketLink.socket(inode: 30182)),
    ("socket:[18446744073709551615]", .socket(inode: .max)),
    ("anon_inode:[io_uring]", .anonymous("io_uring")),
    ("anon_inode:inotify", .anonymous("inotify")),
    ("/var/run/socket:[12]", .other("/var/run/socket:[12]")),
    ("pipe:[12]", .other("pipe:[12]")), ("", .other("")),
  ])
  func `a link says what it leads to`(text: String, link: SocketLink) throws {
    #expect(try SocketLink(Array(text.utf8)) == link)
  }

  @Test(arguments: ["socket:[", "socket:[]", "socket:[1 ]", "socket(12)", "soc", "pipe:[1]"])
  func `the quick look takes nothing else for a socket`(text: String) {
    #expect(Array(text.utf8).withUnsafeBytes { SocketLink.inode($0.bytes) } == 0)
  }
}
