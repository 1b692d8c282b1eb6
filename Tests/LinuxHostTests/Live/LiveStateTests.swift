// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Real sockets in every state the kernel has, seen through both sources.
@Suite(.requires(.root, .networkNamespaces))
struct LiveStateTests {
  /// Between them they have every state that a table can show, with and without an inode.
  static let scenarios = [
    "established", "syn-sent", "syn-recv", "close-wait", "fin-wait-1", "last-ack", "closing",
    "time-wait", "unaccepted", "dead-sockets", "forked", "in-flight", "thread-table",
    "zombie-leader",
    "io-uring",
  ]

  @Test(arguments: scenarios, Lab.Path.allCases)
  func `both sources show exactly the rows that were built`(
    _ scenario: String, _ path: Lab.Path
  ) throws {
    try Lab.with(scenario, path, count: 11) { lab in
      let netlink = try LiveLook(at: lab, .netlink)
      let proc = try LiveLook(at: lab, .proc)
      let comparison = LabComparison(lab)
      #expect(lab.rows.count > 1)
      #expect(comparison.differences(of: netlink.sample, from: .sockDiag) == [])
      #expect(comparison.differences(of: proc.sample, from: .procNetTCP) == [])
    }
  }

  @Test func `the scenarios have every state that a table can show but CLOSE`() throws {
    var states: Set<TCPState> = []
    for scenario in Self.scenarios {
      try Lab.with(scenario, count: 2) { lab in states.formUnion(lab.rows.map(\.state)) }
    }
    #expect(states == Set(TCPState.shown).subtracting([.close]))
  }

  @Test(arguments: TCPState.shown)
  func `a look for one state shows the rows of that state alone`(_ state: TCPState) throws {
    let scenario =
      switch state {
      case .synSent: "syn-sent"
      case .synRecv: "syn-recv"
      case .finWait1: "fin-wait-1"
      case .timeWait: "time-wait"
      case .lastAck: "last-ack"
      case .closing: "closing"
      default: "close-wait"
      }
    try Lab.with(scenario, .mapped, count: 7) { lab in
      let expected = Set(lab.rows.map(Key.init).filter { $0.state == state })
      for source in [SampleRequest.Source.netlink, .proc] {
        let look = try LiveLook(at: lab, source, states: StateSet(state))
        #expect(look.sample.sockets.count == expected.count)
        #expect(Set(look.sample.sockets.map(Key.init)) == expected)
        #expect(look.sample.states == StateSet(state))
      }
    }
  }

  @Test func `two listeners of one port share the queued connections between them`() throws {
    try Lab.with("reuseport", count: 23) { lab in
      let look = try LiveLook(at: lab)
      #expect(LabComparison(lab).differences(of: look.sample, from: .sockDiag) == [])
      let listeners = look.sample.sockets.filter { $0.state == .listen }
      #expect(listeners.count == 2)
      #expect(Set(listeners.map(\.local)).count == 1)
      #expect(listeners.reduce(0) { $0 + $1.receiveQueue } == 23)
      #expect(look.sample.sockets.filter(\.isUnaccepted).count == 23)
    }
  }

  @Test func `an IPv4 connection of a dual-stack listener has two families and one address`()
    throws
  {
    try Lab.with("established", .mapped, count: 7) { lab in
      let look = try LiveLook(at: lab)
      let connections = look.sample.sockets.filter { $0.state == .established }
      let servers = connections.filter { $0.family == .ipv6 }
      let clients = connections.filter { $0.family == .ipv4 }
      #expect(servers.count == 7)
      #expect(Set(servers.map(\.remote)) == Set(clients.map(\.local)))
      #expect(connections.allSatisfy { $0.localAddress == .loopbackIPv4 })
    }
  }

  @Test func `the counts of sockstat are those of the namespace`() throws {
    try Lab.with("time-wait", count: 23) { lab in
      let look = try LiveLook(at: lab)
      let namespace = try #require(look.sample.namespaces.first)
      #expect(look.sample.namespaces.count == 1)
      #expect(namespace.id == lab.namespace)
      #expect(namespace.isOwn == false)
      #expect(namespace.sockstat.timeWait == 23)
      #expect(namespace.sockstat.inUse == 1)
      #expect(namespace.settings.areRead)
    }
  }
}
