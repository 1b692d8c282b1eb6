// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How old sockets of one sample are.
struct SocketAges {
  private let takenAt: BootInstant

  init(_ sample: Sample) { takenAt = sample.takenAt }

  func age(of row: SocketRow) -> Age { row.age(takenAt: takenAt) }
}
