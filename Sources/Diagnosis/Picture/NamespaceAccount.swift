// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One network namespace: its sockets by state, its counters and settings.
package struct NamespaceAccount: Hashable, Sendable {
  package var sample: NamespaceSample
  /// ESTABLISHED is of the newest sample that read it.
  package var states = StateCounts()
  /// Connections that wait in an accept queue: those in CLOSE_WAIT, whose peer has gone, and those
  /// in ESTABLISHED.
  package var unacceptedGone = 0
  package var unacceptedLiving = 0
  /// Connections that only the kernel holds (no TIME_WAIT, no SYN_RECV).
  package var orphans = 0

  package init(_ sample: NamespaceSample) { self.sample = sample }

  package var id: NetnsID { sample.id }
  package var unaccepted: Int { unacceptedGone + unacceptedLiving }
}

/// One listener (a SO_REUSEPORT group is several) and its accept queue.
package struct ListenerAccount: Hashable, Sendable {
  package var namespace: NetnsID
  package var local: Endpoint
  /// nil: no process is known.
  package var owner: Owner?
  package var queued: Int
  /// nil: the source does not show it.
  package var limit: Int?

  package init(namespace: NetnsID, local: Endpoint, owner: Owner?, queued: Int, limit: Int?) {
    self.namespace = namespace
    self.local = local
    self.owner = owner
    self.queued = queued
    self.limit = limit
  }

  /// How full its queue is; without a limit, what waits counts as it is.
  package var share: Double { Double(queued) / Double(max(limit ?? 1, 1)) }
}

/// The ephemeral ports in use from one source address to one destination.
package struct RouteAccount: Hashable, Sendable {
  package var namespace: NetnsID
  package var source: IPAddress
  package var destination: Endpoint
  package var used: Int
  package var capacity: Int

  package init(
    namespace: NetnsID, source: IPAddress, destination: Endpoint, used: Int, capacity: Int
  ) {
    self.namespace = namespace
    self.source = source
    self.destination = destination
    self.used = used
    self.capacity = capacity
  }

  init(_ ports: EphemeralPorts) {
    self.init(
      namespace: ports.route.namespace, source: ports.route.source,
      destination: ports.route.destination, used: ports.used, capacity: ports.capacity)
  }

  package var share: Double { Double(used) / Double(max(capacity, 1)) }
}
