// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The host's sockets and the kernel's counters.
extension MetricsPage {
  func writeHost(to writer: inout ExpositionWriter) {
    writeSockets(to: &writer)
    let places = PlaceLabels(snapshot.picture)
    writeListeners(to: &writer, places)
    writeRoutes(to: &writer, places)
    writer.single(MetricCatalog.inFlight, snapshot.picture.descriptorsInFlight)
    writeKernel(to: &writer, places)
  }

  /// What namespaces are told apart by where there can be thousands of them.
  private static let classes = ["own", "named", "other"]

  private func members(_ name: String) -> [NamespaceAccount] {
    snapshot.picture.namespaces.filter { namespace in
      let sample = namespace.sample
      let own = sample.isOwn ? "own" : sample.name != nil ? "named" : "other"
      return own == name
    }
  }

  private func writeSockets(to writer: inout ExpositionWriter) {
    // Before the first look zeros would be a claim.
    guard snapshot.newestSample != nil else { return }
    let groups = Self.classes.map { ($0, members($0)) }
    let hasEstablished = snapshot.picture.knowsEstablished
    writer.begin(MetricCatalog.socketCount)
    for (name, namespaces) in groups {
      for state in TCPState.shown where state != .established || hasEstablished {
        let count = namespaces.reduce(0) { $0 + $1.states[state] }
        writer.sample([name, StateLabel.of(state)], count)
      }
      let unknown = namespaces.reduce(0) { $0 + $1.states.unknown }
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
    guard snapshot.newestSample != nil else { return }
    var fullest: [[String]: ListenerAccount] = [:]
    for listener in snapshot.picture.listeners {
      let labels = [
        places.label(listener.namespace), "\(listener.local)", listener.owner?.kind.rawValue ?? "",
        listener.owner?.name ?? "",
      ]
      if let other = fullest[labels], other.share >= listener.share { continue }
      fullest[labels] = listener
    }
    let sorted = fullest.sorted { a, b in
      let (first, second) = (a.value.share, b.value.share)
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
      MetricCatalog.listenersFolded, sorted.count - shown.count + snapshot.picture.listenersLeftOut)
  }

  private func writeRoutes(to writer: inout ExpositionWriter, _ places: PlaceLabels) {
    let sorted = snapshot.picture.routes.sorted { a, b in
      if a.share != b.share { return a.share > b.share }
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
    writer.single(
      MetricCatalog.routesFolded, sorted.count - shown.count + snapshot.picture.routesLeftOut)
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
        if let value = namespace.sample.counters[keyPath: counter] {
          writer.sample([label], Double(value))
        }
      }
    }
    writer.begin(MetricCatalog.timeWaitSockets)
    for (label, namespace) in shown { writer.sample([label], namespace.sample.sockstat.timeWait) }
    writer.begin(MetricCatalog.timeWaitLimit)
    for (label, namespace) in shown where namespace.sample.settings.areRead {
      writer.sample([label], namespace.sample.settings.maxTimeWaitBuckets)
    }
    // These are of the whole host, whatever namespace shows them.
    let samples = snapshot.picture.namespaces.map(\.sample)
    guard let own = samples.first(where: \.isOwn) ?? samples.first else { return }
    writer.single(MetricCatalog.orphanSockets, own.sockstat.orphans)
    if own.settings.areRead { writer.single(MetricCatalog.orphanLimit, own.settings.maxOrphans) }
    writer.single(MetricCatalog.memoryPages, own.sockstat.memoryPages)
    writer.single(MetricCatalog.memoryLimit, own.settings.memoryPages.last)
  }

  /// closewatch's own namespace, then those with a name, then those whose listeners drop most.
  private var countedNamespaces: [NamespaceAccount] {
    func key(_ namespace: NamespaceAccount) -> (Int, UInt64, NetnsID) {
      let rank = namespace.sample.isOwn ? 0 : namespace.sample.name != nil ? 1 : 2
      let drops = namespace.sample.counters.listenDrops ?? 0
      return (rank, .max - drops, namespace.id)
    }
    return Array(snapshot.picture.namespaces.sorted { key($0) < key($1) }.prefix(bounds.namespaces))
  }
}
