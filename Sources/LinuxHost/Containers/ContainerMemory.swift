// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What containers are called, from one look to the next: an id means the same for ever, so each
/// is asked about until it has a name, and then no more.
package struct ContainerMemory: Sendable {
  private struct Entry {
    var names: ContainerNames
    var askedAt: BootInstant
  }

  /// Asked about at a time: a look must not wait for a host of a thousand new containers.
  static let askedMost = 64
  /// What is remembered beyond the containers of the newest look.
  static let rememberedMost = 2048
  /// Seconds. The kubelet makes its link a moment after the container has started.
  static let againAfter = 20.0
  /// Seconds, on a host that has none of the folders.
  static let elsewhereAgainAfter = 600.0

  private var entries: [String: Entry] = [:]
  private var quietUntil: BootInstant?

  package init() {}

  /// The ids to ask about now, in their order.
  package func wanted(in processes: [ProcessRecord], at now: BootInstant) -> [String] {
    if let quietUntil, now < quietUntil { return [] }
    let ids = Set(processes.compactMap(\.containerID)).filter { id in
      guard let entry = entries[id] else { return true }
      return entry.names == .unknown && now.seconds(since: entry.askedAt) >= Self.againAfter
    }
    return Array(ids.sorted().prefix(Self.askedMost))
  }

  /// Takes in an answer.
  package mutating func learn(
    _ files: ContainerFiles, about ids: [String], of processes: [ProcessRecord],
    at now: BootInstant
  ) {
    guard files.isAnythingThere else {
      quietUntil = now.advanced(bySeconds: Self.elsewhereAgainAfter)
      return
    }
    let inPods = Set(processes.lazy.filter { $0.pod != nil }.compactMap(\.containerID))
    let found = files.names(of: ids, inPods: inPods)
    for id in ids { entries[id] = Entry(names: found[id] ?? .unknown, askedAt: now) }
    guard entries.count > Self.rememberedMost else { return }
    let living = Set(processes.compactMap(\.containerID))
    entries = entries.filter { living.contains($0.key) }
  }

  /// Notes that there was no answer: these are not asked about again at once.
  package mutating func missed(_ ids: [String], at now: BootInstant) {
    for id in ids { entries[id] = Entry(names: .unknown, askedAt: now) }
  }

  /// Writes what is known into records.
  package func name(_ processes: inout [ProcessRecord]) {
    guard !entries.isEmpty else { return }
    for index in processes.indices {
      guard let id = processes[index].containerID, let entry = entries[id] else { continue }
      processes[index].names = entry.names
    }
  }
}
