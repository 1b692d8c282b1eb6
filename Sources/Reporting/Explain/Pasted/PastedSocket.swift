// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A socket as a line of ss, netstat or lsof has it: what a person has copied, or what anybody has
/// written in its place. Nothing in it is trusted.
package struct PastedSocket: Hashable, Sendable {
  package enum Tool: String, Hashable, Sendable {
    case ss, netstat, lsof
  }

  package struct Holder: Hashable, Sendable {
    package var command: String
    package var pid: Int32
    package var fd: Int32?
  }

  package var tool: Tool
  package var state: TCPState
  package var receiveQueue: UInt64?
  package var sendQueue: UInt64?
  package var local: String?
  package var remote: String?
  package var holders: [Holder] = []
  /// The name of the timer that runs, in the words of the tool: `keepalive`, `on`, `timewait`.
  package var timer: String?

  private init(_ tool: Tool, _ state: TCPState) {
    self.tool = tool
    self.state = state
  }

  /// nil when the line is none of a TCP socket.
  package init?(line: String) {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
    let isProtocol = words.first?.hasPrefix("tcp") == true || words.first == "mptcp"
    // ss calls a UDP socket so; a TCP socket that is in no table it does not list.
    if words.first == "UNCONN" { return nil }
    if let socket = Self.ofSS(isProtocol ? words.dropFirst() : words[...], line) {
      self = socket
    } else if isProtocol, let socket = Self.ofNetstat(words[...]) {
      self = socket
    } else if let socket = Self.ofLsof(words[...], line) {
      self = socket
    } else {
      return nil
    }
  }

  /// The state that `word` is the name of, as the tools write it: `ESTAB`, `CLOSE-WAIT`,
  /// `(CLOSE_WAIT)`.
  static func state(_ word: Substring) -> TCPState? {
    guard word.utf8.count <= 20 else { return nil }
    let name = word.hasPrefix("(") && word.hasSuffix(")") ? word.dropFirst().dropLast() : word
    return ExplainTopic.state(ExplainTopic.key(String(name)))
  }

  /// `ESTAB 0 0 192.0.2.1:22 192.0.2.9:50000 users:(("sshd",pid=8,fd=4)) timer:(on,1min,0)`
  private static func ofSS(_ words: ArraySlice<Substring>, _ line: String) -> PastedSocket? {
    let words = Array(words)
    guard words.count >= 5, let state = state(words[0]), let receive = UInt64(words[1]),
      let send = UInt64(words[2])
    else { return nil }
    var socket = PastedSocket(.ss, state)
    (socket.receiveQueue, socket.sendQueue) = (receive, send)
    (socket.local, socket.remote) = (String(words[3]), String(words[4]))
    socket.holders = users(line)
    if let start = line.firstRange(of: "timer:(") {
      socket.timer = String(line[start.upperBound...].prefix { $0.isLetter })
    }
    return socket
  }

  /// `tcp 0 0 192.0.2.1:22 192.0.2.9:50000 ESTABLISHED 812/sshd keepalive (60.00/0/0)`, with the
  /// columns of -e (user and inode) before the process.
  private static func ofNetstat(_ words: ArraySlice<Substring>) -> PastedSocket? {
    let words = Array(words)
    guard words.count >= 6, let receive = UInt64(words[1]), let send = UInt64(words[2]),
      let state = state(words[5])
    else { return nil }
    var socket = PastedSocket(.netstat, state)
    (socket.receiveQueue, socket.sendQueue) = (receive, send)
    (socket.local, socket.remote) = (String(words[3]), String(words[4]))
    for (index, word) in words.enumerated().dropFirst(6) {
      let parts = word.split(separator: "/", maxSplits: 1)
      if socket.holders.isEmpty, parts.count == 2, let pid = Int32(parts[0]) {
        let name = parts[1].last == ":" ? parts[1].dropLast() : parts[1]
        socket.holders = [Holder(command: String(name), pid: pid, fd: nil)]
      } else if word.hasPrefix("("), word.hasSuffix(")"), word.contains("/") {
        socket.timer = String(words[index - 1])
      }
    }
    return socket
  }

  /// `sshd 812 root 4u IPv4 12345 0t0 TCP 192.0.2.1:22->192.0.2.9:50000 (ESTABLISHED)`, and of a
  /// dead socket `sshd 812 root 4u sock 0,8 0t0 12345 protocol: TCP`, or `MPTCP`.
  private static func ofLsof(_ words: ArraySlice<Substring>, _ line: String) -> PastedSocket? {
    let words = Array(words)
    guard words.count >= 6, let pid = Int32(words[1]) else { return nil }
    let isDead =
      ["protocol: TCP", "protocol: MPTCP", "can't identify protocol"].contains(where: line.contains)
    let named = words.firstIndex(of: "TCP")
    guard let state = isDead ? .close : named == nil ? nil : state(words[words.count - 1]) else {
      return nil
    }
    var socket = PastedSocket(.lsof, state)
    let fd = words.dropFirst(2).lazy.compactMap { word -> Int32? in
      guard let last = word.last, "urw".contains(last) else { return nil }
      return Int32(word.dropLast())
    }.first
    socket.holders = [Holder(command: String(words[0]), pid: pid, fd: fd)]
    if !isDead, let named, named + 1 < words.count {
      let name = words[named + 1]
      if let arrow = name.firstRange(of: "->") {
        socket.local = String(name[..<arrow.lowerBound])
        socket.remote = String(name[arrow.upperBound...])
      } else {
        socket.local = String(name)
      }
    }
    return socket
  }

  /// More than this of one socket say nothing new.
  private static let mostHolders = 16

  /// `users:(("nginx",pid=812,fd=7),("nginx",pid=813,fd=7))`. A process may call itself anything:
  /// what does not fit ends the list.
  private static func users(_ line: String) -> [Holder] {
    guard let start = line.firstRange(of: "users:(") else { return [] }
    var rest = line[start.upperBound...]
    var holders: [Holder] = []
    while holders.count < mostHolders, rest.hasPrefix("(\""),
      let end = rest.firstRange(of: "\",pid=")
    {
      let command = rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound]
      rest = rest[end.upperBound...]
      let pid = rest.prefix { $0.isNumber }
      rest = rest.dropFirst(pid.count)
      guard rest.hasPrefix(",fd="), let number = Int32(pid) else { break }
      rest = rest.dropFirst(4)
      let fd = rest.prefix { $0.isNumber }
      holders.append(Holder(command: String(command), pid: number, fd: Int32(fd)))
      rest = rest.dropFirst(fd.count)
      guard rest.hasPrefix("),") else { break }
      rest = rest.dropFirst(2)
    }
    return holders
  }
}
