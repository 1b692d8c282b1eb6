// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Answers narrower questions from a look that was recorded in full.
enum RecordedAnswer {
  /// The part of a look that was asked for.
  ///
  /// - Throws: ``HostError`` when the recording cannot have it.
  static func sample(
    _ look: RecordedSample, _ request: SampleRequest, directory: String
  ) throws(HostError) -> Sample {
    var sample = look.sample
    if case .only(let name) = request.namespaces {
      let id = try namespace(name, in: look, directory: directory)
      sample.namespaces.removeAll { $0.id != id }
      sample.sockets.removeAll { $0.namespace != id }
      sample.leftOut.removeAll { $0.namespace != id }
      sample.connects.removeAll { $0.namespace != id }
    }
    let wanted: TableSource? =
      switch request.source {
      case .auto: nil
      case .netlink: .sockDiag
      case .proc: .procNetTCP
      }
    if let wanted, let other = sample.namespaces.first(where: { $0.source != wanted }) {
      throw HostError(
        "the recording \(directory) was read from \(other.source.rawValue);"
          + " leave out --source \(request.source.rawValue)")
    }
    // A row in a state that was not asked for when it was recorded was shown all the same: a
    // number that the mask has no bit for. It goes on being shown.
    let recorded = sample.states
    sample.states = recorded.intersection(request.states)
    if sample.states != recorded {
      sample.sockets.removeAll {
        recorded.contains($0.state) && !request.states.contains($0.state)
      }
      sample.leftOut.removeAll { !request.states.contains($0.state) }
    }
    return sample
  }

  /// The namespace that a user means: its name, its inode number, a pid in it, or a path that ends
  /// in one of them.
  private static func namespace(
    _ text: String, in look: RecordedSample, directory: String
  ) throws(HostError) -> NetnsID {
    let namespaces = look.sample.namespaces
    let parts = text.split(separator: "/").map(String.init)
    let key =
      switch parts.first {
      case "proc" where parts.count == 4: parts[1]
      case "run" where parts.count == 3, "var" where parts.count == 4: parts[parts.count - 1]
      default: text
      }
    if let named = namespaces.first(where: { $0.name == key }) { return named.id }
    if let number = UInt32(key) {
      let id = NetnsID(rawValue: number)
      if namespaces.contains(where: { $0.id == id }) { return id }
      if let member = namespaces.first(where: { $0.memberPID.map(UInt32.init) == number }) {
        return member.id
      }
      let process = look.report.processes.first { UInt32($0.id.pid) == number }
      if let id = process?.namespace, namespaces.contains(where: { $0.id == id }) { return id }
    }
    let known = namespaces.prefix(8).map { $0.name ?? String($0.id.rawValue) }
    throw HostError(
      "the recording \(directory) has no network namespace '\(printable(text))'; it has "
        + known.joined(separator: ", ") + (namespaces.count > 8 ? ", ..." : ""))
  }

  /// What a user typed, safe to print on one line.
  private static func printable(_ text: String) -> String {
    var writer = CellWriter()
    writer.text(String(text.prefix(60)))
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The part of a report that was asked for.
  static func report(_ recorded: HolderReport, _ search: HolderSearch) -> HolderReport {
    var report = recorded
    report.holders = holders(recorded.holders, search)
    switch search.deadSockets {
    case .none: report.deadSockets = []
    case .everywhere: break
    case .of(let pids):
      let pids = Set(pids)
      report.deadSockets.removeAll { !pids.contains($0.process.pid) }
    }
    report.caught.removeAll { caught in
      !search.hunts.contains {
        $0.namespace == caught.hunt.namespace && $0.remote == caught.hunt.remote
      }
    }
    var wanted = Set(report.holders.map(\.process.pid))
    wanted.formUnion(report.deadSockets.map(\.process.pid))
    wanted.formUnion(report.caught.map(\.process.pid))
    let parents = Dictionary(
      recorded.processes.map { ($0.id.pid, $0.parent) }, uniquingKeysWith: { first, _ in first })
    // Ancestors as far as they live, like a live host. A set ends the walk if a recording has a
    // process that is its own ancestor.
    var above = wanted.compactMap { parents[$0] }
    while let pid = above.popLast() {
      guard wanted.insert(pid).inserted, let parent = parents[pid] else { continue }
      above.append(parent)
    }
    wanted.formUnion(search.records)
    report.processes.removeAll { !wanted.contains($0.id.pid) }
    if !search.arguments {
      for index in report.processes.indices { report.processes[index].arguments = nil }
    }
    return report
  }

  private static func holders(
    _ recorded: [SocketHolder], _ search: HolderSearch
  ) -> [SocketHolder] {
    let all =
      search.wantsEverySocket ? recorded : recorded.filter { search.inodes.contains($0.inode) }
    guard search.completeness == .firstHolder else { return all }
    let rank = Dictionary(
      search.likely.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var best: [UInt64: SocketHolder] = [:]
    for holder in all {
      let known = best[holder.inode].map { rank[$0.process.pid] ?? Int.max }
      if known ?? Int.max > rank[holder.process.pid] ?? Int.max || known == nil {
        best[holder.inode] = holder
      }
    }
    return all.filter { best[$0.inode] == $0 }
  }
}
