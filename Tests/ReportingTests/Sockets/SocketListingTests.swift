// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import TestSupport
import Testing

@Suite struct SocketListingTests {
  private let host = ListedHost()

  private func inodes(_ filter: SocketFilter) -> [UInt64] {
    let listing = host.listing(filter)
    return listing.entries.map { listing.row($0).inode }.sorted()
  }

  @Test func `the table says who holds each socket, or why nobody does`() {
    #expect(Golden.difference(host.listing().text(), "sockets.txt") == nil)
  }

  @Test func `an interpreter is called by what it runs`() {
    var scripted = host
    for index in scripted.report.processes.indices
    where scripted.report.processes[index].id.pid == 4711 {
      scripted.report.processes[index].main = "sync.py"
    }
    #expect(scripted.listing().text().contains("python3 sync.py[4711] fd 7"))
  }

  @Test func `a socket without a holder may be in flight where that is not counted`() {
    #expect(host.listing().text(wide: true).contains("no process holds it"))
    var blind = host
    blind.report.descriptorsInFlight = nil
    let text = blind.listing().text(wide: true)
    #expect(!text.contains("no process holds it"))
    #expect(text.contains("no holder found (this kernel does not tell what is in flight"))
  }

  @Test func `one line is one socket when asked for, however long`() {
    let text = host.listing().text(wide: true)
    #expect(Golden.difference(text, "sockets-wide.txt") == nil)
    #expect(text.count { $0 == "\n" } == 1 + host.sample.sockets.count)
  }

  @Test func `the JSON has the keys that programs rely on`() {
    #expect(Golden.difference(host.listing().json(), "sockets.json") == nil)
  }

  @Test func `the JSON is the same in pieces of any size`() {
    #expect(host.listing().json(chunk: 1) == host.listing().json())
  }

  @Test func `the order of the kernel's rows does not show`() {
    var turned = host
    turned.sample.sockets.reverse()
    turned.report.holders.reverse()
    #expect(turned.listing().text() == host.listing().text())
    #expect(turned.listing().json() == host.listing().json())
  }

  @Test func `each socket has its holders, in whatever order they come`() {
    var host = ListedHost()
    let pids: [Int32] = [900, 30, 7]
    for number in 0..<40 as Range<UInt64> {
      // Of a recording, two rows can have one inode.
      host.add(
        .established, inode: 500 + number / 2 * 3, local: "192.0.2.1", UInt16(1000 + number),
        remote: "198.51.100.7", 443)
    }
    host.report.holders = []
    for inode in 480..<580 as Range<UInt64> {
      for pid in pids where inode % UInt64(pid) != 1 {
        host.hold(inode, pid, fd: Int32(inode))
        host.hold(inode, pid, fd: 3)
      }
    }
    let listing = host.listing()
    #expect(listing.entries.count == host.sample.sockets.count)
    for entry in listing.entries {
      let inode = listing.row(entry).inode
      let held = entry.holders.map { listing.holders[Int($0)] }
      let expected = host.report.holders.filter { $0.inode == inode && inode != 0 }
        .sorted { ($0.process, $0.fd) < ($1.process, $1.fd) }
      #expect(held == expected)
    }
  }

  @Test func `no line is wider than asked for, whatever a process calls itself`() {
    var long = host
    long.process(4712, "日本日本日\u{1b}[2J")
    long.add(.established, inode: 104, local: "0.0.0.0", 1, remote: "0.0.0.0", 65535)
    long.sample.sockets[long.sample.sockets.count - 1].localAddress =
      IPAddress(high: 0x2001_0db8_1111_2222, low: 0x3333_4444_5555_6666)
    long.sample.sockets[long.sample.sockets.count - 1].remoteAddress =
      IPAddress(high: 0x2001_0db8_1111_2222, low: 0x3333_4444_5555_7777)
    long.hold(104, 4712, fd: 2_147_483_647)
    let text = long.listing().text()
    #expect(!text.contains("\u{1b}"))
    for line in text.split(separator: "\n") {
      #expect(UntrustedText.columns(String(line)) <= 79, "\(line)")
    }
    // Nothing is cut either.
    #expect(text.contains("[2001:db8:1111:2222:3333:4444:5555:7777]:65535"))
    #expect(text.contains("fd 2147483647"))
  }

  @Test func `filters leave what they name`() {
    var filter = SocketFilter()
    filter.states = StateSet(.closeWait)
    #expect(inodes(filter) == [0, 102])
    filter = SocketFilter()
    filter.ports = PortSet("80")
    #expect(inodes(filter) == [0, 0, 0, 100, 101])
    filter = SocketFilter()
    filter.remote = .init(address: ListedHost.address("203.0.113.9"), ports: PortSet("443"))
    #expect(inodes(filter) == [102])
    filter = SocketFilter()
    filter.pid = 4711
    #expect(inodes(filter) == [102])
    filter = SocketFilter()
    filter.unownedOnly = true
    #expect(inodes(filter) == [0, 0, 0, 103])
  }

  @Test func `a process is asked for with what waits in its accept queue`() {
    var filter = SocketFilter()
    filter.unit = "nginx"
    #expect(inodes(filter) == [0, 100, 101])
    filter.unit = "nginx.service"
    #expect(inodes(filter) == [0, 100, 101])
    filter.unit = "ngin"
    #expect(inodes(filter) == [])
  }

  @Test func `a minimum age leaves out unknown ages and says how many`() {
    var filter = SocketFilter()
    filter.minimumAgeSeconds = 12.3
    let listing = host.listing(filter)
    #expect(listing.entries.map { listing.row($0).inode }.sorted() == [0, 102])
    #expect(listing.unknownAges == 4)
    #expect(
      listing.text().contains("4 sockets left out: the kernel does not say how old they are."))
    filter.minimumAgeSeconds = 12.4
    #expect(host.listing(filter).entries.isEmpty)
  }

  @Test func `no match is said in words`() {
    var filter = SocketFilter()
    filter.ports = PortSet("1")
    #expect(host.listing(filter).text() == "No socket matches, of 7 sockets looked at.\n")
  }

  @Test func `no holder is blamed on what could not be read, with the number`() {
    var blind = host
    blind.report.gaps = [
      Gap(.descriptorsUnreadable, count: 8, detail: "/proc/1/fd: Permission denied (EACCES)")
    ]
    let text = blind.listing().text(wide: true)
    #expect(text.contains("holder not seen (8 processes unreadable)"))
    #expect(
      text.hasSuffix(
        """

        Descriptors of 8 processes unreadable: /proc/1/fd: Permission denied (EACCES);
        run as root to see them

        """))
  }

  @Test func `one who is root is not told to become it`() {
    var blind = host
    blind.report.gaps = [Gap(.descriptorsUnreadable, count: 8, detail: "why")]
    var listing = blind.listing()
    #expect(listing.text().contains("run as root"))
    listing.wasReadAsRoot = true
    #expect(!listing.text().contains("run as root"))
  }

  @Test func `a listener is found as the kernel would: exact, then IPv4, then IPv6 wildcard`() {
    var shared = host
    shared.process(900, "exact")
    shared.add(.listen, inode: 105, local: "192.0.2.1", 80, remote: "0.0.0.0", 0)
    shared.hold(105, 900, fd: 3)
    #expect(shared.listing().text(wide: true).contains("in the accept queue of exact[900]"))
    #expect(host.listing().text(wide: true).contains("in the accept queue of nginx[812]"))
  }

  @Test func `dead sockets are listed by descriptor, and only those of the process asked for`() {
    var haunted = host
    haunted.report.deadSockets = [
      DeadDescriptor(inode: 555, process: ProcessID(pid: 4711, startTicks: 4711), fd: 12),
      DeadDescriptor(inode: 556, process: ProcessID(pid: 812, startTicks: 812), fd: 13),
    ]
    let listing = haunted.listing().deadSocketsOnly(pid: 4711, unit: nil)
    #expect(
      listing.text() == """
        Descriptors on dead sockets (in no table; ss cannot show them)
          python3[4711] fd 12  socket:[555]

        """)
    #expect(
      listing.json()
        == #"{"schema_version":1,"sockets":[],"dead_sockets":[{"inode":555,"pid":4711,"fd":12,"#
        + #""command":"python3"}],"gaps":[]}"# + "\n")
  }
}
