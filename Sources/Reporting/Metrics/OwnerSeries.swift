// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The series of owners: those with most stuck sockets by name, the others as one row.
struct OwnerSeries {
  private var shown: [StuckOwner]
  private var rest: StuckOwner?
  private let foldedCount: Int
  private let input: MetricsInput
  private let limit: Int

  /// No unit, container or program: the sum of those that are not shown.
  private static let restKind = "rest"

  init(_ input: MetricsInput, limit: Int) {
    self.input = input
    self.limit = limit
    let sorted = input.owners.filter { $0.total > 0 }.sorted {
      ($1.total, $0.owner.name, $0.owner.kind.rawValue)
        < ($0.total, $1.owner.name, $1.owner.kind.rawValue)
    }
    shown = Array(sorted.prefix(limit))
    let folded = sorted.dropFirst(limit)
    foldedCount = folded.count
    guard !folded.isEmpty else { return }
    var sum = StuckOwner(Owner(.kernel, ""))
    for owner in folded {
      sum.stuck.merge(owner.stuck, uniquingKeysWith: +)
      sum.deadSockets += owner.deadSockets
      if let oldest = owner.oldest { sum.oldest = sum.oldest.map { min($0, oldest) } ?? oldest }
    }
    rest = sum
  }

  func write(to writer: inout ExpositionWriter) {
    writeHolders(to: &writer)
    writer.single(MetricCatalog.ownersFolded, foldedCount)
    let rows = shown.map { ([$0.owner.kind.rawValue, $0.owner.name], $0) }
    let all = rows + (rest.map { [([Self.restKind, ""], $0)] } ?? [])
    writer.begin(MetricCatalog.ownerStuck)
    for (labels, owner) in all {
      for state in StuckOwner.states {
        writer.sample(labels + [StateLabel.of(state)], owner.stuck[state] ?? 0)
      }
    }
    writer.begin(MetricCatalog.ownerDead)
    for (labels, owner) in all { writer.sample(labels, owner.deadSockets) }
    writer.begin(MetricCatalog.ownerOldest)
    for (labels, owner) in all {
      guard let oldest = owner.oldest, let wall = input.wallSeconds(of: oldest) else { continue }
      writer.sample(labels, wall)
    }
    writer.begin(MetricCatalog.ownerDescriptors)
    for (labels, owner) in rows {
      if let used = owner.descriptors { writer.sample(labels, used) }
    }
    writer.begin(MetricCatalog.ownerDescriptorLimit)
    for (labels, owner) in rows {
      if let limit = owner.descriptorLimit, limit < .max { writer.sample(labels, Double(limit)) }
    }
  }
}

extension OwnerSeries {
  /// All sockets by owner: another choice of owners than those of the stuck ones.
  private func writeHolders(to writer: inout ExpositionWriter) {
    guard input.sampler.lookWallSeconds != nil else { return }
    let sorted = input.holders.filter { $0.total > 0 }.sorted {
      ($1.total, $0.owner.name, $0.owner.kind.rawValue)
        < ($0.total, $1.owner.name, $1.owner.kind.rawValue)
    }
    let folded = sorted.dropFirst(limit)
    var rows = sorted.prefix(limit).map { ([$0.owner.kind.rawValue, $0.owner.name], $0.states) }
    if !folded.isEmpty {
      let sum = folded.reduce(into: [TCPState: Int]()) { $0.merge($1.states, uniquingKeysWith: +) }
      rows.append(([Self.restKind, ""], sum))
    }
    let hasEstablished = input.sampler.fullLookWallSeconds != nil
    writer.begin(MetricCatalog.ownerSockets)
    for (labels, states) in rows {
      for state in TCPState.shown where state != .established || hasEstablished {
        writer.sample(labels + [StateLabel.of(state)], states[state] ?? 0)
      }
    }
    writer.single(MetricCatalog.ownerSocketsFolded, folded.count)
  }
}

/// A TCP state as the value of a label: `close_wait`, `fin_wait2`.
enum StateLabel {
  static func of(_ state: TCPState) -> String { state.name.lowercased() }
}

extension MetricsInput {
  /// A boot instant in seconds since 1970, in milliseconds: more would be false precision, and
  /// would change from page to page.
  func wallSeconds(of instant: BootInstant) -> Double? {
    guard let at = sampledAt, let wall = sampler.lookWallSeconds else { return nil }
    return ((wall - at.seconds(since: instant)) * 1000).rounded() / 1000
  }
}
