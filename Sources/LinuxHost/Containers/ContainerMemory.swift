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

  /// The ids to ask about now, those first that have waited longest.
  package func wanted(in processes: [ProcessRecord], at now: BootInstant) -> [String] {
    if let quietUntil, now < quietUntil { return [] }
    let ids = Set(processes.compactMap(\.believedContainerID)).filter { id in
      guard let entry = entries[id] else { return true }
      return entry.names == .unknown && now.seconds(since: entry.askedAt) >= Self.againAfter
    }
    let never = BootInstant(nanoseconds: 0)
    let inTurn = ids.map { (at: entries[$0]?.askedAt ?? never, id: $0) }.sorted { $0 < $1 }
    return inTurn.prefix(Self.askedMost).map(\.id)
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
    let inPods = Set(processes.lazy.filter { $0.pod != nil }.compactMap(\.believedContainerID))
    let found = files.names(of: ids, inPods: inPods)
    let unread = Set(files.unread)
    for id in ids where found[id] != nil || !unread.contains(id) {
      entries[id] = Entry(names: found[id] ?? .unknown, askedAt: now)
    }
    guard entries.count > Self.rememberedMost else { return }
    let living = Set(processes.compactMap(\.believedContainerID))
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
      guard let id = processes[index].believedContainerID, let entry = entries[id],
        entry.names.pod == nil || processes[index].pod != nil
      else { continue }
      processes[index].names = entry.names
    }
  }
}
