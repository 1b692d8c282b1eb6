// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Which sockets some findings speak of, so that no socket is told twice.
struct ToldSockets {
  private struct Held: Hashable {
    var state: TCPState
    var pid: Int32
  }

  /// Sockets without a process, as a finding speaks of them.
  private struct Place: Hashable {
    var namespace: NetnsID
    var state: TCPState
    var port: UInt16
    var isLocal: Bool
  }

  private let held: Set<Held>
  private let places: Set<Place>
  private let queues: Set<Place>

  init(_ findings: [Finding]) {
    held = Set(
      findings.flatMap { finding in
        (finding.turnedDead > 0 ? [finding.state, .close] : [finding.state]).flatMap { state in
          finding.culprits.map { Held(state: state, pid: $0.process.id.pid) }
        }
      })
    places = Set(
      findings.flatMap { finding in
        [(finding.localPort, true), (finding.remotePort, false)].compactMap { port, isLocal in
          port.map {
            Place(
              namespace: finding.namespace, state: finding.state, port: $0, isLocal: isLocal)
          }
        }
      })
    queues = Set(
      findings.compactMap { finding in
        let isOfQueue = finding.evidence.contains {
          if case .acceptQueue = $0 { true } else { false }
        }
        guard isOfQueue, let port = finding.localPort else { return nil }
        return Place(namespace: finding.namespace, state: .listen, port: port, isLocal: true)
      })
  }

  /// - Parameter processes: Those that hold it.
  func has(_ row: SocketRow, _ kind: Waiting.Kind, of processes: [ProcessRecord]) -> Bool {
    // What is said of the listener's other sockets is not said of its queue.
    if kind == .unaccepted { return hasQueue(of: row) }
    return processes.isEmpty
      ? hasPlace(of: row) : processes.contains { has(row.state, $0.id.pid) }
  }

  func has(_ state: TCPState, _ pid: Int32) -> Bool { held.contains(Held(state: state, pid: pid)) }

  /// Whether it is the CLOSE_WAIT that a FIN_WAIT2 waits for.
  func has(otherEnd: SocketRow, in census: Census) -> Bool {
    guard otherEnd.state == .closeWait else { return false }
    return census.holders.holders(of: otherEnd.inode).contains { holder in
      census.processes[holder.process].map { has(.closeWait, $0.id.pid) } ?? false
    }
  }

  private func hasQueue(of row: SocketRow) -> Bool {
    queues.contains(
      Place(namespace: row.namespace, state: .listen, port: row.localPort, isLocal: true))
  }

  private func hasPlace(of row: SocketRow) -> Bool {
    [(row.localPort, true), (row.remotePort, false)].contains { port, isLocal in
      places.contains(
        Place(namespace: row.namespace, state: row.state, port: port, isLocal: isLocal))
    }
  }
}
