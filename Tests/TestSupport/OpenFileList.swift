// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One socket of `lsof -nP -iTCP`, a third opinion: from the descriptors to the table.
package struct OpenFileList: Hashable {
  package var pid: Int32
  package var fd: Int32
  package var family: AddressFamily
  package var state: TCPState
  package var local: Endpoint
  /// Any address and port 0 for a listener.
  package var remote: Endpoint

  package init(
    pid: Int32, fd: Int32, family: AddressFamily, state: TCPState, local: Endpoint, remote: Endpoint
  ) {
    self.pid = pid
    self.fd = fd
    self.family = family
    self.state = state
    self.local = local
    self.remote = remote
  }

  /// Runs `lsof` in the network namespace of process `pid`; threads with a descriptor table of
  /// their own are included (`-K i` would ignore them).
  package static func sockets(
    inNamespaceOf pid: Int32
  ) throws(ChildProgram.Failure) -> [OpenFileList] {
    let result = try ChildProgram.run(
      ChildProgram.built("SocketLab"),
      ["run", "netns=\(pid)", "--", "lsof", "-nP", "-iTCP", "-FpftnT"])
    // lsof exits with 1 when it finds nothing.
    guard result.status <= 1 else {
      throw ChildProgram.Failure("lsof: exit \(result.status): \(result.lines)")
    }
    return try parse(result.lines)
  }

  /// - Parameter lines: One field a line: `p24550`, `f3`, `tIPv4`, `n127.0.0.1:80`, `TST=LISTEN`.
  package static func parse(
    _ lines: [String]
  ) throws(ChildProgram.Failure) -> [OpenFileList] {
    var found: [OpenFileList] = []
    var pid: Int32 = 0
    var fd: Int32 = 0
    var family = AddressFamily.ipv4
    var name: Substring = ""
    for line in lines {
      let value = line.dropFirst()
      switch line.first {
      case "p": pid = Int32(value) ?? 0
      case "f": fd = Int32(value) ?? -1
      case "t": family = value == "IPv6" ? .ipv6 : .ipv4
      case "n": name = value
      case "T" where value.hasPrefix("ST="):
        guard let state = TCPState(named: String(value.dropFirst(3))) else {
          throw ChildProgram.Failure("not a state of lsof: \(line)")
        }
        let ends = try ends(of: name, family: family)
        found.append(
          OpenFileList(
            pid: pid, fd: fd, family: family, state: state, local: ends.local,
            remote: ends.remote))
      default: break
      }
    }
    return found
  }

  /// - Parameter name: `127.0.0.1:53238->127.0.0.1:43313`, or `*:80` for a listener.
  private static func ends(
    of name: Substring, family: AddressFamily
  ) throws(ChildProgram.Failure) -> (local: Endpoint, remote: Endpoint) {
    let any = Endpoint(family == .ipv6 ? .anyIPv6 : .anyIPv4, 0)
    guard let dash = name.firstIndex(of: ">") else {
      return (try SocketStatistics.endpoint(name), any)
    }
    return (
      try SocketStatistics.endpoint(name[..<name.index(before: dash)]),
      try SocketStatistics.endpoint(name[name.index(after: dash)...])
    )
  }
}
