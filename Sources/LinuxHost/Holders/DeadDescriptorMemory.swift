// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Descriptors on TCP sockets that were in no row, with the time they were first seen so.
struct DeadDescriptorMemory: Sendable {
  private var firstSeen: [DeadDescriptor: BootInstant] = [:]
  private static let capacity = 65_536

  /// Whether it was seen, and in no row, before `instant`.
  func isKnown(_ deadSocket: DeadDescriptor, before instant: BootInstant) -> Bool {
    firstSeen[deadSocket].map { $0 < instant } ?? false
  }

  var count: Int { firstSeen.count }

  /// Replaces what is known of the processes that were looked at.
  ///
  /// - Parameter examined: Their pids; nil when every process was to be looked at. Then those that
  ///   were not have ended, or may not be read.
  mutating func keep(_ found: [DeadDescriptor], examined: Set<Int32>?, at instant: BootInstant) {
    var kept: [DeadDescriptor: BootInstant] = [:]
    if let examined { kept = firstSeen.filter { !examined.contains($0.key.process.pid) } }
    for deadSocket in found.prefix(Self.capacity - min(kept.count, Self.capacity)) {
      kept[deadSocket] = firstSeen[deadSocket] ?? instant
    }
    firstSeen = kept
  }
}
