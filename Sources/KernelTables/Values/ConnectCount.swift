// SPDX-License-Identifier: Apache-2.0

/// How often one process has begun to connect to one place, as the kernel has counted.
package struct ConnectCount: Hashable, Sendable {
  package var namespace: NetnsID
  package var remote: Endpoint
  package var process: ProcessID
  /// What the process called itself at its first connect: it may have ended since.
  package var command = ""
  /// Since ``firstAt``, also those that failed.
  package var connects = 0
  /// Those of them for which there was no local port.
  package var withoutPort = 0
  /// When the first was that is counted here.
  package var firstAt = BootInstant(nanoseconds: 0)

  package init(namespace: NetnsID, remote: Endpoint, process: ProcessID) {
    self.namespace = namespace
    self.remote = remote
    self.process = process
  }

  /// One for each process and place, in the order of these.
  package static func merged(_ counts: [ConnectCount]) -> [ConnectCount] {
    var merged: [ConnectCount] = []
    for count in counts.sorted(by: { $0.order < $1.order }) {
      if let last = merged.last, last.order == count.order {
        merged[merged.count - 1].connects = last.connects.addingClamped(count.connects)
        merged[merged.count - 1].withoutPort = last.withoutPort.addingClamped(count.withoutPort)
        merged[merged.count - 1].firstAt = min(last.firstAt, count.firstAt)
      } else {
        merged.append(count)
      }
    }
    return merged
  }

  private var order: (UInt32, Endpoint, ProcessID) { (namespace.rawValue, remote, process) }
}

/// What the kernel has counted of connects up to a look.
package struct ConnectTally: Hashable, Sendable {
  /// Since when it counts; nil: it does not.
  package var since: BootInstant?
  /// Connects that are in none of the counts, because there was no room for them.
  package var lost = 0

  package init() {}
}
