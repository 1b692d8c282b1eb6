// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Processes that were asked for and live no more.
package struct EndedProcesses: Sendable {
  /// Bounded: what has no finding any more is of no use.
  private static let most = 4096
  private var endedAt: [ProcessID: BootInstant] = [:]

  package func contains(_ process: ProcessID) -> Bool { endedAt[process] != nil }

  mutating func add(_ process: ProcessID, at now: BootInstant) {
    guard endedAt[process] == nil else { return }
    if endedAt.count >= Self.most,
      let oldest = endedAt.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })
    {
      endedAt[oldest.key] = nil
    }
    endedAt[process] = now
  }

  /// It was seen: what was concluded was wrong.
  mutating func remove(_ process: ProcessID) {
    if !endedAt.isEmpty { endedAt[process] = nil }
  }
}
