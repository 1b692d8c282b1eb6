// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct FdInfoTests {
  private func decode(_ text: String) throws -> FdInfo { try FdInfo(Array(text.utf8)) }

  @Test func `registered sockets are read by inode, and only from the list of files`() throws {
    let info = try decode(
      """
      pos:	0
      UserFiles:	4
          0: /tmp/socket:[9]
          1: socket:[166517]
          2: <none>
         17: socket:[166518]
      UserBufs:	1
          0: socket:[5]

      """)
    #expect(info.registeredSockets == [166517, 166518])
    #expect(info.registeredUnnumbered == 0)
  }

  @Test func `a kernel that names only the protocol leaves the number unknown`() throws {
    let info = try decode("UserFiles:\t3\n    0: TCP\n    1: <none>\n    2: TCPv6\n")
    #expect(info.registeredSockets.isEmpty)
    #expect(info.registeredUnnumbered == 2)
  }

  @Test func `descriptors in flight are counted`() throws {
    #expect(try decode("pos:\t0\nino:\t7\nscm_fds: 23\n").descriptorsInFlight == 23)
    #expect(try decode("pos:\t0\nflags:\t02\n") == FdInfo(Array("pos:\t0\n".utf8)))
    #expect(try decode("scm_fds: 0\n").descriptorsInFlight == 0)
    // Before Linux 5.6 a unix socket has no such line: not known is not none.
    #expect(try decode("pos:\t0\nflags:\t02\nmnt_id:\t8\n").descriptorsInFlight == nil)
  }
}
