// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How old sockets of one sample are, by the settings of their namespaces.
struct SocketAges {
  private let finTimeouts: [NetnsID: Int]

  init(_ sample: Sample) {
    finTimeouts = Dictionary(
      sample.namespaces.map { ($0.id, $0.settings.finTimeoutSeconds) },
      uniquingKeysWith: { first, _ in first })
  }

  func age(of row: SocketRow) -> Age {
    row.age(finTimeoutSeconds: finTimeouts[row.namespace] ?? 60)
  }
}
