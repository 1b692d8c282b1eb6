// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcMountInfoTests {
  private static let text = #"""
    28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
    31 28 0:27 / /home rw,relatime shared:9 master:2 - nfs4 nas:/home rw,vers=4.2
    44 31 0:33 / /home/my\040files rw - fuse.sshfs me@there:/ rw
    45 44 0:34 / /home/my\040files rw - tmpfs tmpfs rw

    """#

  private static func kinds(_ path: String) throws -> Set<String> {
    try ProcMountInfo(Array(text.utf8)).kinds(along: Array(path.utf8))
  }

  @Test func `a mount is found by its number`() throws {
    let mounts = try ProcMountInfo(Array(Self.text.utf8))
    #expect(mounts.kind(ofMount: 31) == "nfs4")
    #expect(mounts.kind(ofMount: 29) == nil)
  }

  @Test func `a path leads through every mount above it, those mounted over included`() throws {
    #expect(try Self.kinds("/usr/bin/x") == ["ext4"])
    #expect(try Self.kinds("/homework/x") == ["ext4"])
    #expect(try Self.kinds("/home/x") == ["ext4", "nfs4"])
    #expect(try Self.kinds("/home/my files/x") == ["ext4", "nfs4", "fuse.sshfs", "tmpfs"])
  }

  @Test func `a process that sees no root, as in a chroot, has paths through nothing`() throws {
    let mounts = try ProcMountInfo(Array("44 31 0:33 / /mnt rw - tmpfs tmpfs rw\n".utf8))
    #expect(mounts.kinds(along: Array("/usr/bin/x".utf8)).isEmpty)
  }

  @Test(arguments: ["28 1 254:0 / / rw ext4 /dev/vda rw", "28", "x 1 2 / / rw - ext4 a b", "1 - -"])
  func `what is no mount is an error`(line: String) {
    #expect(throws: DecodeError.self) { try ProcMountInfo(Array(line.utf8)) }
  }
}
