// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct PastedTextTests {
  static func page(_ text: PastedText, unicode: Bool = false) -> String {
    ExplainText(.pasted(text), style: TextStyle(unicode: unicode)) { _ in .value("60") }.text()
  }

  static let leak = """
    CLOSE-WAIT 1      0      10.0.0.5:8080    10.0.0.9:51432 \
    users:(("python3",pid=812,fd=7),("python3",pid=813,fd=7)) timer:(keepalive,1min12sec,0)
    """

  @Test func `a line of ss has its state, its queues, its timer and all who hold it`() throws {
    let socket = try #require(PastedSocket(line: Self.leak))
    #expect(socket.tool == .ss && socket.state == .closeWait)
    #expect(socket.receiveQueue == 1 && socket.sendQueue == 0)
    #expect(socket.local == "10.0.0.5:8080" && socket.remote == "10.0.0.9:51432")
    #expect(socket.holders.map(\.pid) == [812, 813] && socket.holders.map(\.fd) == [7, 7])
    #expect(socket.timer == "keepalive")
    let withProtocol = try #require(PastedSocket(line: "tcp   " + Self.leak))
    #expect(withProtocol == socket)
  }

  @Test func `a line of netstat is read with its process and timer, with -e too`() throws {
    let line = "tcp6 0 12 ::1:80 ::1:40000 FIN_WAIT2 812/nginx: worker keepalive (7101.22/0/0)"
    let socket = try #require(PastedSocket(line: line))
    #expect(socket.tool == .netstat && socket.state == .finWait2 && socket.sendQueue == 12)
    #expect(socket.holders == [.init(command: "nginx", pid: 812, fd: nil)])
    #expect(socket.timer == "keepalive")
    let extended = "tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 0 12345 701/sshd off (0.00/0/0)"
    #expect(PastedSocket(line: extended)?.holders.first?.pid == 701)
    #expect(PastedSocket(line: "tcp 0 0 10.0.0.5:80 10.0.0.9:4 TIME_WAIT -")?.holders == [])
  }

  @Test func `a line of lsof is read, and one of a dead socket too`() throws {
    let live = try #require(
      PastedSocket(
        line: "nginx 812 www 6u IPv4 12345 0t0 TCP 10.0.0.5:80->10.0.0.9:51 (CLOSE_WAIT)"))
    #expect(live.state == .closeWait && live.local == "10.0.0.5:80")
    #expect(live.remote == "10.0.0.9:51")
    #expect(live.holders == [.init(command: "nginx", pid: 812, fd: 6)])
    let listener = PastedSocket(line: "sshd 701 root 3u IPv4 99 0t0 TCP *:22 (LISTEN)")
    #expect(listener?.state == .listen && listener?.local == "*:22")
    for protocolName in ["TCP", "TCPv6", "MPTCP", "MPTCPv6"] {
      let line = "web 812 www 9u sock 0,8 0t0 12345 protocol: \(protocolName)"
      let dead = PastedSocket(line: line)
      #expect(dead?.state == .close && dead?.holders.first?.fd == 9, "\(protocolName)")
    }
    #expect(PastedSocket(line: "web 812 www 9u sock 0,8 0t0 12345 protocol: UDP") == nil)
  }

  @Test(arguments: [
    "", "listen failed: 0 0 what ever", "State Recv-Q Send-Q Local Address:Port Peer Address:Port",
    "udp UNCONN 0 0 0.0.0.0:68 0.0.0.0:*", "UNCONN 0 0 127.0.0.1:323 0.0.0.0:*",
    "Active Internet connections (servers and established)",
    "users:((\"", "timer:(", "tcp", "ESTAB x y z w", "close the door now please, all of you",
    "u_str ESTAB 0 0 * 12345 * 12346",
  ])
  func `what is no TCP socket is none`(_ line: String) {
    #expect(PastedSocket(line: line) == nil)
    #expect(PastedText(line).isEmpty)
  }

  @Test func `a table is read as uniq and as awk write it, headers and all`() {
    let uniq = PastedText(
      "    1 established)\n    1 Foreign\n  312 CLOSE_WAIT\n   20 ESTABLISHED\n  814 TIME_WAIT\n")
    #expect(uniq.counts == [.closeWait: 312, .established: 20, .timeWait: 814])
    #expect(uniq.rows.map(\.state) == [.timeWait, .closeWait, .established])
    let awk = PastedText("TIME_WAIT 814\nCLOSE-WAIT 312\nESTAB 20\nLISTEN 2000\nState 1")
    #expect(awk.counts == [.closeWait: 312, .established: 20, .timeWait: 814, .listen: 2000])
    #expect(awk.rows.last?.state == .listen)
  }

  @Test func `the state to look at first is one that waits for somebody`() {
    func first(_ text: String) -> TCPState? { PastedText(text).first(fewest: 10) }
    #expect(first("814 TIME_WAIT\n312 CLOSE_WAIT\n400 SYN_SENT") == .closeWait)
    #expect(first("12 CLOSE_WAIT\n4000 SYN_SENT") == .synSent)
    #expect(first("40000 TIME_WAIT\n900 ESTABLISHED\n9 CLOSE_WAIT") == nil)
  }

  @Test func `hostile text neither breaks the page nor costs much`() {
    let esc = "\u{1b}]0;owned\u{07}\u{202e}"
    let lines = [
      "ESTAB 0 0 \(esc) \(esc) users:((\"\(esc)\",pid=1,fd=2))",
      "99999999999999999999999 CLOSE_WAIT", "9999999999 CLOSE_WAIT", "-5 CLOSE_WAIT",
      "CLOSE-WAIT 18446744073709551615 18446744073709551615 a:1 b:2",
      "LISTEN 5 99999999999999999999999 a:1 b:2",
      String(repeating: "A", count: 100_000) + " 1",
      "ESTAB 0 0 a:1 b:2 users:(" + String(repeating: "(\"x\",pid=1,fd=2),", count: 5000),
    ]
    for text in lines + [lines.joined(separator: "\n")] {
      let read = PastedText(text)
      guard !read.isEmpty else { continue }
      for unicode in [false, true] {
        let page = Self.page(read, unicode: unicode)
        #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || !UntrustedText.isUnsafe($0) })
      }
      #expect(read.sockets.allSatisfy { $0.holders.count <= 16 })
      _ = ExplainJSON(.pasted(read)) { _ in .value("60") }.bytes()
    }
    let rows = String(repeating: "9999999999 CLOSE_WAIT\n", count: 5000)
    #expect((PastedText(rows).counts[.closeWait] ?? 0) > 0)
  }

  @Test func `lines without a state are told apart from lines that are nothing`() {
    let text = PastedText("0      0      10.0.0.5:8080    10.0.0.9:51432\nhello\n")
    #expect(text.isEmpty && text.statelessLines == 1)
  }

  @Test(arguments: [
    ("explain-pasted-line.txt", Self.leak),
    (
      "explain-pasted-lines.txt",
      """
      tcp        0      0 10.0.0.5:22      10.0.0.9:50001   ESTABLISHED 701/sshd: alice
      tcp        0      0 10.0.0.5:40112   10.0.0.7:5432    TIME_WAIT   -
      LISTEN 129 128 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=812,fd=6))
      java    4711 tomcat 214u sock 0,8 0t0 998877 protocol: TCP
      """
    ),
    (
      "explain-pasted-table.txt",
      "  1 established)\n  1 Foreign\n 41 LISTEN\n 312 CLOSE_WAIT\n 703 ESTABLISHED\n 814 TIME_WAIT"
    ),
    ("explain-pasted-calm.txt", "41 LISTEN\n2 CLOSE_WAIT\n703 ESTABLISHED\n21814 TIME_WAIT"),
  ])
  func `the page of a paste is the one that a person has read`(_ name: String, _ text: String) {
    let difference = Golden.difference(Self.page(PastedText(text)), name)
    #expect(difference == nil)
  }

  @Test func `of many lines each state is explained, with who has most of it`() {
    let text = PastedText(
      (1...40).map {
        "CLOSE-WAIT 1 0 10.0.0.5:80 a:\($0) users:((\"api\",pid=\($0 % 3 == 0 ? 2 : 1),fd=9))"
      }.joined(separator: "\n"))
    #expect(text.sockets.count == PastedText.mostSockets && text.counts == [.closeWait: 40])
    #expect(Self.page(text).contains("held by   api[1]: 27 of them"))
    let json = ExplainJSON(.pasted(text)) { _ in .value("60") }.bytes()
    let object = String(decoding: json, as: UTF8.self)
    #expect(object.contains(#""kind":"pasted","look_first":"CLOSE_WAIT""#))
  }
}
