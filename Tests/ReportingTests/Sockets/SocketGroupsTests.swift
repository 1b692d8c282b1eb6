// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct SocketGroupsTests {
  private let host = ListedHost()

  private func groups(_ key: SocketGroups.Key, _ filter: SocketFilter = SocketFilter())
    -> SocketGroups
  {
    SocketGroups(host.listing(filter), by: key)
  }

  @Test func `the counts are those that a person has read`() {
    let text = SocketGroups.Key.allCases.map { groups($0).text(style: TextStyle()) }
      .joined(separator: "\n")
    #expect(Golden.difference(text, "sockets-by.txt") == nil)
  }

  @Test func `but for processes that share one, each socket counts once`() {
    for key in SocketGroups.Key.allCases where key != .process {
      let shared = key == .unit ? 1 : 0
      let sum = groups(key).groups.reduce(0) { $0 + $1.sockets }
      #expect(sum == host.sample.sockets.count + shared, "\(key)")
    }
    // 4711 and 4712 hold the same one.
    let processes = groups(.process).groups
    #expect(processes.first { $0.pid == 4711 }?.states == [.closeWait: 1])
    #expect(processes.first { $0.pid == 4712 }?.states == [.closeWait: 1])
  }

  @Test func `what waits for accept() counts for whoever listens`() {
    let nginx = groups(.process).groups.first { $0.pid == 812 }
    #expect(nginx?.states == [.listen: 1, .established: 1, .closeWait: 1])
  }

  @Test func `what a process holds that could not be read is not said to be nobody's`() {
    var blind = host
    blind.report.gaps = [Gap(.descriptorsUnreadable, count: 5, detail: "why")]
    for key in [SocketGroups.Key.process, .unit] {
      let names = SocketGroups(blind.listing(), by: key).groups.map(\.name)
      #expect(names.contains("(holder not seen)"), "\(key)")
      #expect(!names.contains("(no process found)"), "\(key)")
    }
  }

  @Test func `a port is the one of whoever serves`() {
    let ports = Dictionary(
      groups(.port).groups.map { ($0.name, $0.sockets) }, uniquingKeysWith: { first, _ in first })
    #expect(ports == [":80": 5, "to :443": 1, "to :5432": 1])
  }

  @Test func `the largest comes first, and a long name keeps to its column`() {
    var crowd = host
    crowd.process(5000, String(repeating: "日", count: 40) + "\u{1b}[2J")
    for index in 0..<30 {
      crowd.add(
        .closeWait, inode: 500 + UInt64(index), local: "192.0.2.1", 80, remote: "198.51.100.7",
        UInt16(1000 + index))
      crowd.hold(500 + UInt64(index), 5000, fd: Int32(index))
    }
    let counted = SocketGroups(crowd.listing(), by: .process)
    #expect(counted.groups.first?.pid == 5000)
    let text = counted.text(style: TextStyle(unicode: true))
    #expect(!text.contains("\u{1b}"))
    for line in text.split(separator: "\n") {
      #expect(UntrustedText.columns(String(line)) <= 79, "\(line)")
    }
  }

  @Test func `the JSON has what programs need`() {
    let json = String(decoding: groups(.port).json(), as: UTF8.self)
    #expect(
      json.hasPrefix(#"{"schema_version":1,"by":"port","groups":[{"name":":80","sockets":5,"#))
    #expect(json.contains(#""states":[{"state":"CLOSE_WAIT","count":1},"#))
    #expect(json.hasSuffix("\"gaps\":[]}\n"))
  }

  @Test func `no match is said in words`() {
    var filter = SocketFilter()
    filter.ports = PortSet("1")
    #expect(
      groups(.unit, filter).text(style: TextStyle())
        == "No socket matches, of 7 sockets looked at.\n")
  }
}

@Suite struct PortSetTests {
  @Test func `ports are single, listed, or ranges`() throws {
    let ports = try #require(PortSet("80,443,8000-8100"))
    for port: UInt16 in [80, 443, 8000, 8050, 8100] { #expect(ports.contains(port)) }
    for port: UInt16 in [81, 7999, 8101] { #expect(!ports.contains(port)) }
    #expect(PortSet("1-65535")?.contains(65535) == true)
  }

  @Test(arguments: [
    "", ",", "80,", "0", "65536", "90-80", "80-", "-80", "1-2-3", "http", "+80", "٣",
  ])
  func `what is no list of ports is none`(_ text: String) { #expect(PortSet(text) == nil) }
}
