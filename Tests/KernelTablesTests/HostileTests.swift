// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

/// Every file under `Fixtures/hostile` has one defect, and here stands what must come of it. A file
/// that is missing fails, and so does a file that is not listed.
@Suite struct HostileTests {
  static let sockDiag: [String: DecodeError] = [
    "short-header.hex": .truncated(what: "nlmsghdr", needed: 16, got: 10),
    "zero-length.hex": .badField(table: "netlink", field: "nlmsg_len", text: "0"),
    "length-below-header.hex": .badField(table: "netlink", field: "nlmsg_len", text: "15"),
    "length-past-end.hex": .truncated(what: "netlink message", needed: 4096, got: 88),
    "length-of-all-ones.hex": .truncated(
      what: "netlink message", needed: 4_294_967_295, got: 88),
    "short-message.hex": .truncated(what: "inet_diag_msg", needed: 72, got: 71),
    "unknown-family.hex": .badField(table: "inet_diag_msg", field: "idiag_family", text: "1"),
    "zero-attribute.hex": .badField(table: "inet_diag_msg", field: "nla_len", text: "0"),
    "attribute-past-end.hex": .badField(table: "inet_diag_msg", field: "nla_len", text: "200"),
    "unknown-type.hex": .badField(table: "netlink", field: "nlmsg_type", text: "99"),
    "short-error.hex": .truncated(what: "nlmsgerr", needed: 4, got: 2),
  ]

  @Test(arguments: sockDiag.sorted { $0.key < $1.key })
  func `a damaged datagram is counted with its exact error and gives no row`(
    file: String, error: DecodeError
  ) throws {
    let bytes = try Fixture.hex("hostile/sock-diag/\(file)")
    var answer = SockDiagAnswer(
      namespace: NetnsID(rawValue: 1), sequence: 7, port: 4242, states: .all)
    var rows: [SocketRow] = []
    _ = answer.read(bytes.span.bytes, into: &rows)
    #expect(answer.firstError == error)
    #expect(answer.undecodable == 1)
    #expect(rows.isEmpty)
  }

  @Test func `an errno without a positive is still an errno`() throws {
    let bytes = try Fixture.hex("hostile/sock-diag/most-negative-error.hex")
    var answer = SockDiagAnswer(
      namespace: NetnsID(rawValue: 1), sequence: 7, port: 4242, states: .all)
    var rows: [SocketRow] = []
    #expect(answer.read(bytes.span.bytes, into: &rows) == .failed(errno: .max))
  }

  static func column(_ field: String, _ text: String) -> DecodeError {
    .badField(table: "/proc/net/tcp", field: field, text: text)
  }

  static let procNetTCP: [String: DecodeError] = [
    "number-of-row-missing.txt": column("sl", "F:1F90"),
    "address-too-short.txt": column("local_address", "0100007:1F90"),
    "address-too-long.txt": column("local_address", "00:1F90"),
    "port-not-hex.txt": column("rem_address", "9X40"),
    "state-not-hex.txt": column("st", "zz"),
    "queues-without-colon.txt": column("tx_queue", ""),
    "receive-queue-cut.txt": column("rx_queue", "1"),
    "timer-not-hex.txt": column("tr", "--:00000000"),
    "timer-too-long.txt": column("tm->when", "00000000000000000"),
    "retransmits-missing.txt": column("retrnsmt", "\u{1}"),
    "uid-negative.txt": column("uid", "-1"),
    "uid-of-twenty-digits.txt": column("uid", "99999999999999999999"),
    "inode-not-a-number.txt": column("inode", "zz"),
    "line-ends-at-uid.txt": column("uid", ""),
    "nul-bytes.txt": column("sl", String(repeating: "\0", count: 40)),
    "not-utf8.txt": column("local_address", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}00FF:1F90"),
  ]

  @Test(arguments: procNetTCP.sorted { $0.key < $1.key })
  func `a damaged line is counted with its exact error and the next one is read`(
    file: String, error: DecodeError
  ) throws {
    let text = try Fixture.bytes("hostile/proc-net-tcp/\(file)")
    var table = ProcNetTCP(family: .ipv4, namespace: NetnsID(rawValue: 1), states: .all)
    var rows: [SocketRow] = []
    let used = try table.read(text.span, into: &rows)
    #expect(used == text.count)
    #expect(table.firstError == error)
    #expect(table.undecodable == 1)
    #expect(rows.map(\.inode) == [42313])
  }

  @Test func `a table without its header is refused as a whole`() throws {
    let text = try Fixture.bytes("hostile/proc-net-tcp/no-header.txt")
    var table = ProcNetTCP(family: .ipv4, namespace: NetnsID(rawValue: 1), states: .all)
    var rows: [SocketRow] = []
    #expect(throws: DecodeError.missing(table: "/proc/net/tcp", field: "header")) {
      _ = try table.read(text.span, into: &rows)
    }
    #expect(rows.isEmpty)
  }

  @Test func `a table that was cut is said to be`() throws {
    let text = try Fixture.bytes("hostile/proc-net-tcp/cut-line.txt")
    var table = ProcNetTCP(family: .ipv4, namespace: NetnsID(rawValue: 1), states: .all)
    var rows: [SocketRow] = []
    let used = try table.read(text.span, into: &rows)
    table.finish(text.span.extracting(droppingFirst: used))
    #expect(
      table.firstError
        == .truncated(what: "last line of /proc/net/tcp", needed: 61, got: 60))
    #expect(rows.isEmpty)
  }

  static let sockstat: [String: DecodeError] = [
    "no-tcp-line.txt": .missing(table: "/proc/net/sockstat", field: "TCP"),
    "no-alloc.txt": .missing(table: "/proc/net/sockstat", field: "alloc"),
    "value-missing.txt": .missing(table: "/proc/net/sockstat", field: "mem"),
    "value-not-a-number.txt": .badField(
      table: "/proc/net/sockstat", field: "tw", text: "many"),
    "value-too-big.txt": .badField(
      table: "/proc/net/sockstat", field: "tw", text: "9223372036854775808"),
  ]

  @Test(arguments: sockstat.sorted { $0.key < $1.key })
  func `a damaged sockstat is refused with its exact error`(
    file: String, error: DecodeError
  ) throws {
    let text = try Fixture.bytes("hostile/sockstat/\(file)")
    #expect(throws: error) { try ProcNetSockStat.decode(sockstat: text, sockstat6: []) }
  }

  static let counters: [String: DecodeError] = [
    "no-lines.txt": .missing(table: "/proc/net/netstat", field: "TcpExt:"),
    "names-without-numbers.txt": .missing(table: "/proc/net/netstat", field: "TcpExt:"),
    "fewer-numbers-than-names.txt": .missing(
      table: "/proc/net/netstat", field: "ListenOverflows"),
    "number-not-a-number.txt": .badField(
      table: "/proc/net/netstat", field: "ListenOverflows", text: "many"),
    "number-negative.txt": .badField(
      table: "/proc/net/netstat", field: "ListenOverflows", text: "-1"),
  ]

  @Test(arguments: counters.sorted { $0.key < $1.key })
  func `damaged counters are refused with their exact error`(
    file: String, error: DecodeError
  ) throws {
    let text = try Fixture.bytes("hostile/counters/\(file)")
    #expect(throws: error) {
      try ProcNetCounters.decode(netstat: text, snmp: Array("Tcp: A\nTcp: 0\n".utf8))
    }
  }

  static func value(_ field: String, _ text: String) -> DecodeError {
    .badField(table: "it", field: field, text: text)
  }

  static let sysctl: [String: DecodeError] = [
    "number-empty.txt": value("value", "\n"),
    "number-twice.txt": value("value", "60 60\n"),
    "number-with-unit.txt": value("value", "60s"),
    "range-of-one.txt": value("range", "32768\n"),
    "range-reversed.txt": value("range", "60999 32768"),
    "range-past-65535.txt": value("high", "65536"),
    "list-open-end.txt": value("port", ""),
    "list-reversed.txt": value("range", "40049-40000"),
    "list-of-three-ends.txt": value("range", "1-2-3"),
    "list-negative.txt": value("port", ""),
  ]

  @Test(arguments: sysctl.sorted { $0.key < $1.key })
  func `a damaged setting is refused with its exact error`(
    file: String, error: DecodeError
  ) throws {
    let text = try Fixture.bytes("hostile/sysctl/\(file)")
    #expect(throws: error) {
      if file.hasPrefix("number") {
        _ = try SysctlText.number(text, name: "it", as: Int.self)
      } else if file.hasPrefix("range") {
        _ = try SysctlText.portRange(text, name: "it")
      } else {
        _ = try SysctlText.portList(text, name: "it")
      }
    }
  }

  static let links = [
    "other-kind.txt", "empty-number.txt", "not-closed.txt", "too-big.txt", "not-a-number.txt",
    "too-long.txt", "empty.txt",
  ]

  @Test(arguments: links)
  func `a link that is no network namespace is refused with its text`(file: String) throws {
    let bytes = try Fixture.bytes("hostile/ns-link/\(file)")
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(throws: DecodeError.badField(table: "/proc/PID/ns/net", field: "link", text: text)) {
      try NamespaceLink.decode(bytes.span)
    }
  }

  @Test func `every hostile file of the tables is listed here`() throws {
    let listed: [String: [String]] = [
      "sock-diag": Array(Self.sockDiag.keys) + ["most-negative-error.hex"],
      "proc-net-tcp": Array(Self.procNetTCP.keys) + ["no-header.txt", "cut-line.txt"],
      "sockstat": Array(Self.sockstat.keys),
      "counters": Array(Self.counters.keys),
      "sysctl": Array(Self.sysctl.keys),
      "ns-link": Self.links,
    ]
    for (folder, files) in listed {
      #expect(try Fixture.names(in: "hostile/\(folder)") == files.sorted())
    }
  }
}
