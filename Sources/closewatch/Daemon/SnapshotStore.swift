// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where the sampling loop leaves its newest snapshot and the outlets find it.
///
/// A lock and not an actor: it is held for a copy of one reference-counted value, and a reader
/// must never wait for a turn to end.
final class SnapshotStore: Sendable {
  private let newest: Mutex<DaemonSnapshot>

  init(_ first: DaemonSnapshot) { newest = Mutex(first) }

  var snapshot: DaemonSnapshot { newest.withLock { $0 } }

  func replace(by snapshot: DaemonSnapshot) { newest.withLock { $0 = snapshot } }
}
