// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Connects to one place as the kernel has counted them, and who most of them came from.
package struct CountedConnects: Hashable, Sendable {
  /// The process with most of them; one of several of the same name where ``processes`` is more.
  package var process: ProcessRecord
  package var processes: Int
  /// Those that came from it, or from them, of ``all``.
  package var connects: Int
  package var all: Int
  package var seconds: Double
  /// Of all, those for which there was no local port.
  package var withoutPort: Int
  /// Whether the kernel had room for every connect in that time: otherwise there were more.
  package var isWhole: Bool

  package init(
    process: ProcessRecord, processes: Int, connects: Int, all: Int, seconds: Double,
    withoutPort: Int, isWhole: Bool
  ) {
    self.process = process
    self.processes = processes
    self.connects = connects
    self.all = all
    self.seconds = seconds
    self.withoutPort = withoutPort
    self.isWhole = isWhole
  }
}

extension ConnectLog.Openers {
  /// Whether that many sockets can be what these connects have left: who began after the flood has
  /// no part in it, however exactly he was counted.
  func explain(_ sockets: Int) -> Bool { 2 * connects >= sockets }

  /// The one with most connects where these are half of all; else all that are called like those
  /// with most, such as the programs that a script starts for each connect.
  fileprivate var leading: [ConnectLog.Opener] {
    if 2 * first.connects >= connects { return [first] }
    var byName: [String: Int] = [:]
    for opener in all {
      byName[opener.command] = (byName[opener.command] ?? 0).addingClamped(opener.connects)
    }
    let name = byName.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    return all.filter { $0.command == name }
  }
}

extension Census {
  /// A program for each connect can be thousands: the first few say enough.
  private static let mostCulprits = 16

  /// Whose some sockets are, by their shares of the connects. A process that has one of a thousand
  /// has opened none of five.
  func culprits(of openers: ConnectLog.Openers, amongst sockets: Int) -> [Culprit] {
    let leading = openers.leading
    let isLeading = Set(leading.map(\.process))
    let others = openers.all.filter { !isLeading.contains($0.process) }
    let all = Double(max(1, openers.connects))
    return (leading + others).prefix(Self.mostCulprits).compactMap { opener in
      let share = Int((Double(sockets) * Double(opener.connects) / all).rounded())
      guard share > 0 else { return nil }
      return Culprit(record(of: opener), role: .opener, sockets: share, attribution: .counted)
    }
  }

  /// What is known of it; of one that has ended no more than the kernel has kept.
  private func record(of opener: ConnectLog.Opener) -> ProcessRecord {
    processes.index(of: opener.process).flatMap { processes[$0] }
      ?? ProcessRecord(id: opener.process, command: opener.command)
  }

  /// What the kernel's counts prove.
  func proof(of openers: ConnectLog.Openers) -> Evidence {
    let leading = openers.leading
    return .connectsCounted(
      CountedConnects(
        process: record(of: leading.first ?? openers.first), processes: leading.count,
        connects: leading.reduce(0) { $0.addingClamped($1.connects) }, all: openers.connects,
        seconds: openers.seconds, withoutPort: openers.withoutPort, isWhole: openers.isWhole))
  }
}
