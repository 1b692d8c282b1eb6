// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The host's sockets and the kernel's counters.
extension MetricsPage {
  func writeHost(to writer: inout ExpositionWriter) {
    writeSockets(to: &writer)
    let places = PlaceLabels(input.namespaces)
    writeListeners(to: &writer, places)
    writeRoutes(to: &writer, places)
    writer.single(MetricCatalog.inFlight, input.descriptorsInFlight)
    writeKernel(to: &writer, places)
  }

  /// What namespaces are told apart by where there can be thousands of them.
  private static let classes = ["own", "named", "other"]

  private func members(_ name: String) -> [NamespaceNumbers] {
    input.namespaces.filter { namespace in
      let own = namespace.isOwn ? "own" : namespace.name != nil ? "named" : "other"
      return own == name
    }
  }

  private func writeSockets(to writer: inout ExpositionWriter) {
    // Before the first look zeros would be a claim.
    guard input.sampler.lookWallSeconds != nil else { return }
    let groups = Self.classes.map { ($0, members($0)) }
    let hasEstablished = input.sampler.fullLookWallSeconds != nil
    writer.begin(MetricCatalog.socketCount)
    for (name, namespaces) in groups {
      for state in TCPState.shown where state != .established || hasEstablished {
        let count = namespaces.reduce(0) { $0 + ($1.states[state] ?? 0) }
        writer.sample([name, StateLabel.of(state)], count)
      }
      let unknown = namespaces.reduce(0) { sum, namespace in
        namespace.states.reduce(sum) { TCPState.shown.contains($1.key) ? $0 : $0 + $1.value }
      }
      writer.sample([name, "unknown"], unknown)
    }
    writer.begin(MetricCatalog.unaccepted)
    for (name, namespaces) in groups {
      writer.sample([name], namespaces.reduce(0) { $0 + $1.unaccepted })
    }
    writer.begin(MetricCatalog.namespaceCount)
    for (name, namespaces) in groups { writer.sample([name], namespaces.count) }
  }

  private func writeListeners(to writer: inout ExpositionWriter, _ places: PlaceLabels) {
    guard input.sampler.lookWallSeconds != nil else { return }
    var fullest: [[String]: ListenerNumbers] = [:]
    for listener in input.listeners {
      let labels = [
        places.label(listener.namespace), "\(listener.local)", listener.owner?.kind.rawValue ?? "",
        listener.owner?.name ?? "",
      ]
      if let other = fullest[labels], Self.share(other) >= Self.share(listener) { continue }
      fullest[labels] = listener
    }
    let sorted = fullest.sorted { a, b in
      let (first, second) = (Self.share(a.value), Self.share(b.value))
      if first != second { return first > second }
      return (b.value.queued, a.value.local, a.value.namespace)
        < (a.value.queued, b.value.local, b.value.namespace)
    }
    let shown = sorted.prefix(bounds.listeners)
    writer.begin(MetricCatalog.acceptQueue)
    for (labels, listener) in shown { writer.sample(labels, listener.queued) }
    writer.begin(MetricCatalog.acceptQueueLimit)
    for (labels, listener) in shown {
      if let limit = listener.limit { writer.sample(labels, limit) }
    }
    writer.single(
      MetricCatalog.listenersFolded, sorted.count - shown.count + input.listenersFolded)
  }

  /// How full its queue is; without a limit, what waits counts as it is.
  private static func share(_ listener: ListenerNumbers) -> Double {
    Double(listener.queued) / Double(max(listener.limit ?? 1, 1))
  }

  private func writeRoutes(to writer: inout ExpositionWriter, _ places: PlaceLabels) {
    let sorted = input.routes.sorted { a, b in
      let first = Double(a.used) / Double(max(a.capacity, 1))
      let second = Double(b.used) / Double(max(b.capacity, 1))
      if first != second { return first > second }
      return (a.namespace, a.destination, a.source) < (b.namespace, b.destination, b.source)
    }
    let shown = sorted.prefix(bounds.routes).map { route in
      (
        [places.label(route.namespace), "\(route.source)", "\(route.destination)"], route
      )
    }
    writer.begin(MetricCatalog.portsUsed)
    for (labels, route) in shown { writer.sample(labels, route.used) }
    writer.begin(MetricCatalog.portsCapacity)
    for (labels, route) in shown { writer.sample(labels, route.capacity) }
    writer.single(MetricCatalog.routesFolded, sorted.count - shown.count + input.routesFolded)
  }

  // MARK: Kernel

  private func writeKernel(to writer: inout ExpositionWriter, _ places: PlaceLabels) {
    let shown = countedNamespaces.map { (places.label($0.id), $0) }
    let counters: [(MetricFamily, KeyPath<TCPCounters, UInt64?>)] = [
      (MetricCatalog.listenOverflows, \.listenOverflows),
      (MetricCatalog.listenDrops, \.listenDrops),
      (MetricCatalog.timeWaitOverflows, \.timeWaitOverflow),
      (MetricCatalog.memoryAborts, \.abortOnMemory),
      (MetricCatalog.timeoutAborts, \.abortOnTimeout),
      (MetricCatalog.requestQueueDrops, \.requestQueueFullDrop),
    ]
    for (family, counter) in counters {
      writer.begin(family)
      for (label, namespace) in shown {
        if let value = namespace.counters[keyPath: counter] {
          writer.sample([label], Double(value))
        }
      }
    }
    writer.begin(MetricCatalog.timeWaitSockets)
    for (label, namespace) in shown { writer.sample([label], namespace.sockstat.timeWait) }
    writer.begin(MetricCatalog.timeWaitLimit)
    for (label, namespace) in shown where namespace.settings.areRead {
      writer.sample([label], namespace.settings.maxTimeWaitBuckets)
    }
    // These are of the whole host, whatever namespace shows them.
    guard let own = input.namespaces.first(where: \.isOwn) ?? input.namespaces.first
    else { return }
    writer.single(MetricCatalog.orphanSockets, own.sockstat.orphans)
    if own.settings.areRead { writer.single(MetricCatalog.orphanLimit, own.settings.maxOrphans) }
    writer.single(MetricCatalog.memoryPages, own.sockstat.memoryPages)
    writer.single(MetricCatalog.memoryLimit, own.settings.memoryPages.last)
  }

  /// closewatch's own namespace, then those with a name, then those whose listeners drop most.
  private var countedNamespaces: [NamespaceNumbers] {
    func key(_ namespace: NamespaceNumbers) -> (Int, UInt64, NetnsID) {
      let rank = namespace.isOwn ? 0 : namespace.name != nil ? 1 : 2
      let drops = namespace.counters.listenDrops ?? 0
      return (rank, .max - drops, namespace.id)
    }
    return Array(input.namespaces.sorted { key($0) < key($1) }.prefix(bounds.namespaces))
  }
}
