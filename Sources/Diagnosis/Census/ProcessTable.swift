// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The processes that hold or held sockets, each at an index that stays.
package struct ProcessTable: Sendable {
  private var records: [ProcessRecord?] = []
  private var indices: [ProcessID: Int32] = [:]
  private var byPID: [Int32: Int32] = [:]
  private var free: [Int32] = []

  package var count: Int { indices.count }
  /// Every process known, by pid.
  package var all: [ProcessRecord] {
    records.compactMap { $0 }.sorted { $0.id < $1.id }
  }

  /// Every process known, with its index, in the order of the indices.
  package var indexed: [(index: Int32, record: ProcessRecord)] {
    records.enumerated().compactMap { index, record in record.map { (Int32(index), $0) } }
  }

  package subscript(index: Int32) -> ProcessRecord? {
    index >= 0 && Int(index) < records.count ? records[Int(index)] : nil
  }

  /// Every index is below.
  var indexLimit: Int { records.count }

  @inline(__always)
  func knows(_ index: Int32) -> Bool {
    index >= 0 && Int(index) < records.count && records[Int(index)] != nil
  }

  /// The process that has this pid now, as far as was seen.
  package func index(pid: Int32) -> Int32? { byPID[pid] }
  package func index(of id: ProcessID) -> Int32? { indices[id] }

  /// Adds a process or replaces what is known of it.
  mutating func update(_ record: ProcessRecord) {
    if let index = indices[record.id] {
      // Its arguments cannot be read at every look, and its owner's name must not change with that.
      let old = record.main == nil ? records[Int(index)] : nil
      records[Int(index)] = record
      if let old, old.main != nil, old.sharesImage(with: record) {
        records[Int(index)]?.main = old.main
      }
      byPID[record.id.pid] = index
      return
    }
    let index = free.popLast() ?? Int32(records.count)
    if Int(index) == records.count { records.append(record) } else { records[Int(index)] = record }
    indices[record.id] = index
    // A pid that comes again is a new process; the old record stays for what it opened.
    byPID[record.id.pid] = index
  }

  /// Forgets the processes that nothing refers to any more.
  mutating func keepOnly(_ wanted: Set<Int32>) {
    for (id, index) in indices where !wanted.contains(index) {
      indices[id] = nil
      records[Int(index)] = nil
      free.append(index)
      if byPID[id.pid] == index { byPID[id.pid] = nil }
    }
  }

  /// The oldest of the living parents from which a process came by fork(2) alone: the master of a
  /// pre-fork server, or the process itself. A program that starts another copy of itself, such as
  /// a supervisor and its services that are all `python3`, is another one.
  package func programRoot(of index: Int32) -> Int32 {
    var current = index
    // Bounded: parents form no cycle, but a reused pid could make it look like one.
    for _ in 0..<16 {
      guard let record = self[current], let parent = byPID[record.parent],
        let above = self[parent], record.sharesImage(with: above),
        above.id.startTicks <= record.id.startTicks
      else { break }
      current = parent
    }
    return current
  }
}

extension ProcessRecord {
  /// The name of its program: the file it runs, else what it calls itself.
  package var programName: String {
    guard let executable else { return command }
    var name = executable[...]
    // Asked for every process at every look: no array of the parts of its path.
    if let slash = executable.utf8.lastIndex(of: UInt8(ascii: "/")) {
      name = executable[executable.utf8.index(after: slash)...]
    }
    if name.isEmpty { return command }
    let deleted = " (deleted)"
    return String(name.hasSuffix(deleted) ? name.dropLast(deleted.count) : name)
  }

  /// What an on-call engineer would restart: its service unit, else its container, else the
  /// program, of an interpreter with what it runs: `python3.11` alone may be any of fifteen.
  package var owner: Owner {
    if let unit, unit.hasSuffix(".service"), !unit.hasPrefix("user@") {
      return Owner(.unit, unit)
    }
    if let container, let containerName {
      let identity = ContainerIdentity(id: container, cgroup: cgroup, names: names)
      return Owner(.container, containerName, container: identity)
    }
    return Owner(.program, shortMain.map { programName + " " + $0 } ?? programName)
  }

  /// What people call its program: its command, what that runs, and both, as triage shows them.
  package var programNames: [String] {
    guard let main = shortMain else { return [command, programName] }
    return [command, programName, main, "\(command) \(main)", "\(programName) \(main)"]
  }

  /// Whether people mean it by this name: its unit, with or without `.service`, its program, its
  /// container, or its pod.
  package func isMeant(by name: String) -> Bool {
    guard !name.isEmpty else { return false }
    return isOf(unit: name) || programNames.contains(name)
      || [container, containerName, names.container, names.pod].contains(name)
  }
}
