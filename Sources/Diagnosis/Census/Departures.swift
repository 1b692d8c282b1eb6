// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Where a connection belongs before its process is known: its side and the port that names it.
package struct PortKey: Hashable, Sendable {
  package var namespace: NetnsID
  package var state: TCPState
  package var isInbound: Bool
  /// The listener's port of an inbound connection, the remote port of an outbound one.
  package var port: UInt16

  package init(_ connection: Connection, state: TCPState? = nil) {
    namespace = connection.id.namespace
    self.state = state ?? connection.state
    isInbound = connection.flags.contains(.isInbound)
    port = isInbound ? connection.localPort : connection.remotePort
  }
}

/// A connection that has left a state.
package struct Departure: Hashable, Sendable {
  package var at: BootInstant
  package var dwellSeconds: Double
  /// The process that held it, an index into ``ProcessTable``, or -1.
  package var process: Int32
}

/// Who has left which state lately: the proof that sockets do get closed here.
///
/// Bounded: the newest 256 of each port, 2,048 ports; what is dropped is counted.
package struct DepartureLog: Sendable {
  private static let departuresPerPort = 256
  private static let ports = 2048

  private struct Ring {
    var newest: [Departure] = []
    var next = 0
    var total = 0
    var lastAt = BootInstant(nanoseconds: 0)

    mutating func append(_ departure: Departure, limit: Int) {
      total += 1
      lastAt = departure.at
      if newest.count < limit {
        newest.append(departure)
      } else {
        newest[next] = departure
        next = (next + 1) % limit
      }
    }
  }

  private var rings: [PortKey: Ring] = [:]
  /// Departures that were not kept because there are too many ports.
  package private(set) var dropped = 0

  mutating func record(_ departure: Departure, key: PortKey) {
    if rings[key] == nil, rings.count >= Self.ports {
      guard let oldest = rings.min(by: { $0.value.lastAt < $1.value.lastAt }) else { return }
      dropped += oldest.value.newest.count
      rings[oldest.key] = nil
    }
    rings[key, default: Ring()].append(departure, limit: Self.departuresPerPort)
  }

  /// The departures of one port since an instant, in no order. Those whose process is known and is
  /// not accepted by `isOurs` are another service's.
  package func departures(
    _ key: PortKey, since: BootInstant, isOurs: (Int32) -> Bool
  ) -> [Departure] {
    guard let ring = rings[key] else { return [] }
    return ring.newest.filter { $0.at >= since && ($0.process < 0 || isOurs($0.process)) }
  }

  var processes: Set<Int32> {
    Set(rings.values.flatMap { $0.newest.map(\.process) })
  }

  /// Forgets ports where nothing has left since `instant`.
  mutating func forget(before instant: BootInstant) {
    rings = rings.filter { $0.value.lastAt >= instant }
  }
}
