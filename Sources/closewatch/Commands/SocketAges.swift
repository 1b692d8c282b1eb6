// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How old sockets of one sample are, by the settings of their namespaces.
struct SocketAges {
  private let finTimeouts: [NetnsID: Int]
  private let takenAt: BootInstant

  init(_ sample: Sample) {
    takenAt = sample.takenAt
    finTimeouts = Dictionary(
      sample.namespaces.map { ($0.id, $0.settings.finTimeoutSeconds) },
      uniquingKeysWith: { first, _ in first })
  }

  func age(of row: SocketRow) -> Age {
    row.age(finTimeoutSeconds: finTimeouts[row.namespace] ?? 60, takenAt: takenAt)
  }
}
