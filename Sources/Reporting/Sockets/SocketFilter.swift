// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Which sockets a listing shows. Every condition that is set must hold.
package struct SocketFilter: Hashable, Sendable {
  /// One end: an address, ports, or both.
  package struct Place: Hashable, Sendable {
    package var address: IPAddress?
    package var ports: PortSet?
    package init(address: IPAddress?, ports: PortSet?) {
      self.address = address
      self.ports = ports
    }
  }

  package var states = StateSet.all
  /// A process that holds the socket, or whose listener it waits for.
  package var pid: Int32?
  /// The systemd unit of such a process, with or without `.service`.
  package var unit: String?
  /// The local ports.
  package var ports: PortSet?
  package var remote: Place?
  package var minimumAgeSeconds: Double?
  /// Only sockets for which no process was found.
  package var unownedOnly = false

  package init() {}

  /// Whether the row alone passes: what can be told before holders are looked for.
  package func admits(_ row: SocketRow, age: Age) -> Bool {
    guard states.contains(row.state) else { return false }
    if let ports, !ports.contains(row.localPort) { return false }
    if let address = remote?.address, row.remoteAddress != address { return false }
    if let ports = remote?.ports, !ports.contains(row.remotePort) { return false }
    if let minimum = minimumAgeSeconds {
      return age.bound != .unknown && age.seconds >= minimum
    }
    return true
  }

  /// Whether a socket of these processes passes; `owned` is whether one of them has it open.
  package func admits(processes: [ProcessRecord], pids: [Int32], owned: Bool) -> Bool {
    if unownedOnly, owned { return false }
    if let pid, !pids.contains(pid) { return false }
    guard let unit else { return true }
    return processes.contains { $0.isOf(unit: unit) }
  }

  /// Whether any condition is about processes.
  package var asksForProcesses: Bool { pid != nil || unit != nil || unownedOnly }
}
