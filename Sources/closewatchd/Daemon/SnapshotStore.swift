// SPDX-License-Identifier: Apache-2.0

import Reporting
import Synchronization

/// Where the sampling loop leaves its newest snapshot and the outlets find it.
///
/// A lock and not an actor: it is held for a copy of one value of references, and a reader must
/// never wait for a turn to end.
final class SnapshotStore: Sendable {
  private let newest: Mutex<DaemonSnapshot>

  init(_ first: DaemonSnapshot) { newest = Mutex(first) }

  /// What is known now.
  var snapshot: DaemonSnapshot { newest.withLock { $0 } }

  /// Changes a part of it. The lock is held for as long as `change` takes.
  func update(_ change: (inout sending DaemonSnapshot) -> Void) {
    newest.withLock { change(&$0) }
  }
}
