// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One row of `ss -tanpeHO`, a second opinion on the same table.
package struct SocketStatistics {
  package var state: TCPState
  package var receiveQueue: UInt32
  package var sendQueue: UInt32
  package var family: AddressFamily
  package var local: Endpoint
  package var remote: Endpoint
  package var inode: UInt64 = 0
  package var cookie: UInt64 = 0
  /// What `-p` found; `table` is always that of the process.
  package var holders: Set<Lab.Holder> = []

  /// Runs `ss` in the network namespace of process `pid`.
  package static func rows(
    inNamespaceOf pid: Int32
  ) throws(ChildProgram.Failure) -> [SocketStatistics] {
    let result = try ChildProgram.run(
      ChildProgram.built("SocketLab"),
      ["run", "netns=\(pid)", "--", "ss", "-tanpeHO"])
    guard result.status == 0 else {
      throw ChildProgram.Failure("ss: exit \(result.status): \(result.lines)")
    }
    var rows: [SocketStatistics] = []
    for line in result.lines { rows.append(try SocketStatistics(line)) }
    return rows
  }

  /// - Parameter line: `CLOSE-WAIT 1 0 127.0.0.1:80 [::1]:9 users:(("a",pid=1,fd=2)) ino:3 sk:4`.
  package init(_ line: String) throws(ChildProgram.Failure) {
    let words = line.split(separator: " ")
    guard words.count >= 5, let state = TCPState(named: String(words[0])),
      let receiveQueue = UInt32(words[1]), let sendQueue = UInt32(words[2])
    else { throw ChildProgram.Failure("not a row of ss: \(line)") }
    self.state = state
    self.receiveQueue = receiveQueue
    self.sendQueue = sendQueue
    // Only the local end says whether it is dual-stack: the peer of a listener is `*` then too.
    family = words[3].first == "[" || words[3].first == "*" ? .ipv6 : .ipv4
    local = try Self.endpoint(words[3])
    remote = try Self.endpoint(words[4])
    for word in words.dropFirst(5) {
      if word.hasPrefix("ino:") { inode = UInt64(word.dropFirst(4)) ?? 0 }
      if word.hasPrefix("sk:") { cookie = UInt64(word.dropFirst(3), radix: 16) ?? 0 }
    }
    for word in words.dropFirst(5) where word.hasPrefix("users:") {
      holders = Self.holders(word, inode: inode)
    }
  }

  /// `users:(("a",pid=1,fd=2),("b",pid=3,fd=4))`.
  private static func holders(_ text: Substring, inode: UInt64) -> Set<Lab.Holder> {
    var found: Set<Lab.Holder> = []
    for part in text.split(separator: "(") {
      var pid: Int32?
      var fd: Int32?
      for field in part.split(whereSeparator: { $0 == "," || $0 == ")" }) {
        if field.hasPrefix("pid=") { pid = Int32(field.dropFirst(4)) }
        if field.hasPrefix("fd=") { fd = Int32(field.dropFirst(3)) }
      }
      if let pid, let fd { found.insert(Lab.Holder(inode: inode, pid: pid, fd: fd)) }
    }
    return found
  }

  /// The spellings of ss and lsof for the few addresses that a laboratory has.
  package static func endpoint(_ text: Substring) throws(ChildProgram.Failure) -> Endpoint {
    let addresses: [Substring: IPAddress] = [
      "*": .anyIPv6, "[::]": .anyIPv6, "0.0.0.0": .anyIPv4, "127.0.0.1": .loopbackIPv4,
      "[::1]": .loopbackIPv6, "[::ffff:127.0.0.1]": .loopbackIPv4,
    ]
    guard let colon = text.lastIndex(of: ":"), let address = addresses[text[..<colon]] else {
      throw ChildProgram.Failure("not an endpoint of a laboratory: \(text)")
    }
    let port = text[text.index(after: colon)...]
    guard port == "*" || UInt16(port) != nil else {
      throw ChildProgram.Failure("not a port: \(text)")
    }
    return Endpoint(address, UInt16(port) ?? 0)
  }
}
