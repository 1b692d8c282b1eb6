// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The series of owners: all sockets of those with most, and what should be gone of those with most
/// of that; the others as one row.
struct OwnerSeries {
  /// Owners by name, and the sum of the rest.
  private struct Choice {
    var shown: [OwnerAccount]
    var rest: OwnerAccount?
    var folded: Int

    init(_ owners: [OwnerAccount], limit: Int, by count: (OwnerAccount) -> Int) {
      let sorted = owners.filter { count($0) > 0 }.ordered(by: count)
      shown = Array(sorted.prefix(limit))
      let left = sorted.dropFirst(limit)
      folded = left.count
      guard !left.isEmpty else { return }
      rest = left.reduce(into: OwnerAccount(Owner(.kernel, ""))) { $0.add($1) }
    }

    var named: [(labels: [String], account: OwnerAccount)] {
      shown.map { ([$0.owner.kind.rawValue, $0.owner.name], $0) }
    }

    /// No unit, container or program is of the kind: the sum of those that are not shown.
    var all: [(labels: [String], account: OwnerAccount)] {
      named + (rest.map { [(["rest", ""], $0)] } ?? [])
    }
  }

  private let snapshot: DaemonSnapshot
  private let limit: Int

  init(_ snapshot: DaemonSnapshot, limit: Int) {
    self.snapshot = snapshot
    self.limit = limit
  }

  /// - Parameter findings: Those that have series of their own.
  func write(to writer: inout ExpositionWriter, besides findings: [Finding]) {
    writeContainers(to: &writer, findings)
    writeSockets(to: &writer)
    // Those of closewatch_owner_dead_descriptors too, which has them however short they are dead.
    let choice = Choice(snapshot.picture.owners, limit: limit) { $0.stuck.total + $0.deadSockets }
    writer.single(MetricCatalog.ownersFolded, choice.folded)
    writer.begin(MetricCatalog.ownerStuck)
    for (labels, account) in choice.all {
      for state in Waiting.states where account.stuck[state] > 0 {
        writer.sample(labels + [StateLabel.of(state)], account.stuck[state])
      }
    }
    writer.begin(MetricCatalog.ownerDead)
    for (labels, account) in choice.all { writer.sample(labels, account.deadSockets) }
    writer.begin(MetricCatalog.ownerOldest)
    for (labels, account) in choice.all {
      guard let oldest = account.oldestStuck, let wall = snapshot.wallSeconds(of: oldest)
      else { continue }
      writer.sample(labels, wall)
    }
    writer.begin(MetricCatalog.ownerDescriptors)
    for (labels, account) in choice.named {
      if let use = account.descriptors { writer.sample(labels, use.used) }
    }
    writer.begin(MetricCatalog.ownerDescriptorLimit)
    for (labels, account) in choice.named {
      if let use = account.descriptors, use.limit < .max {
        writer.sample(labels, Double(use.limit))
      }
    }
  }

  /// Every container that another series names, once: what it is called stands here alone, so that
  /// no other series begins anew when it becomes known.
  private func writeContainers(to writer: inout ExpositionWriter, _ findings: [Finding]) {
    let owners = snapshot.picture.owners
    let shown =
      Choice(owners, limit: limit, by: \.states.total).shown.map(\.owner)
      + Choice(owners, limit: limit) { $0.stuck.total + $0.deadSockets }.shown.map(\.owner)
      + findings.map(\.owner)
    var told: Set<String> = []
    writer.begin(MetricCatalog.owner)
    for owner in shown {
      guard owner.kind == .container, let container = owner.container,
        told.insert(owner.name).inserted
      else { continue }
      let (names, pod) = (container.names, container.pod)
      writer.sample(
        [
          owner.kind.rawValue, owner.name, container.id, names.container ?? "", names.pod ?? "",
          names.namespace ?? "", pod?.uid ?? "", pod?.serviceClass.rawValue ?? "",
        ], 1)
    }
  }

  private func writeSockets(to writer: inout ExpositionWriter) {
    guard snapshot.newestSample != nil else { return }
    let choice = Choice(snapshot.picture.owners, limit: limit, by: \.states.total)
    let hasEstablished = snapshot.picture.knowsEstablished
    writer.begin(MetricCatalog.ownerSockets)
    for (labels, account) in choice.all {
      for state in TCPState.shown where account.states[state] > 0 {
        if state == .established, !hasEstablished { continue }
        writer.sample(labels + [StateLabel.of(state)], account.states[state])
      }
    }
    writer.single(MetricCatalog.ownerSocketsFolded, choice.folded)
  }
}

/// A TCP state as the value of a label: `close_wait`, `fin_wait2`.
enum StateLabel {
  static func of(_ state: TCPState) -> String { state.name.lowercased() }
}
