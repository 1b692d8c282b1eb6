// SPDX-License-Identifier: Apache-2.0

/// Whether a network namespace can have MPTCP sockets, from files that cost little: their table is
/// a module of its own on most kernels, and nobody loads it for nothing.
package struct ProcNetMPTCP: Hashable, Sendable {
  /// Connections that it has had, opened and accepted. What spoke TCP from the start is not among
  /// them.
  package private(set) var connections: UInt64 = 0
  /// Whether the kernel is one that counts MPTCP sockets in ``sockets(protocols:)``: Linux 6.3 does
  /// so first, and 6.8 shows it by this counter.
  package private(set) var countsSockets = false

  /// A namespace that has had none.
  package init() {}

  /// - Parameter netstat: `/proc/net/netstat`. Before Linux 5.7 it has no lines `MPTcpExt:`.
  ///
  /// Source: `mptcp_snmp_list` in net/mptcp/mib.c.
  package init(netstat: [UInt8]) {
    let lines = TextFields.lines(netstat).filter { $0.starts(with: "MPTcpExt:".utf8) }
    guard lines.count >= 2 else { return }
    for (name, value) in zip(TextFields.fields(lines[0]), TextFields.fields(lines[1])) {
      switch TextFields.text(name) {
      case "MPCapableSYNACKRX", "MPCapableACKRX":
        let more = UInt64(TextFields.text(value)) ?? 0
        let (sum, overflow) = connections.addingReportingOverflow(more)
        connections = overflow ? .max : sum
      case "MPCurrEstab": countsSockets = true
      default: break
      }
    }
  }

  /// How many MPTCP sockets it has now, listeners among them.
  ///
  /// - Parameter protocols: `/proc/net/protocols`.
  /// - Returns: nil where the kernel does not count them.
  ///
  /// Source: `proto_seq_printf()` in net/core/sock.c.
  package func sockets(protocols: [UInt8]) -> Int? {
    var sum = 0
    for line in TextFields.lines(protocols) {
      let fields = TextFields.fields(line)
      guard fields.count > 2, ["MPTCP", "MPTCPv6"].contains(TextFields.text(fields[0])) else {
        continue
      }
      sum = sum.addingClamped(max(0, Int(TextFields.text(fields[2])) ?? 0))
    }
    return sum > 0 || countsSockets ? sum : nil
  }
}
