// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Reporting
import Synchronization

/// Where the sampling loop leaves its newest snapshot and the outlets find it.
///
/// A lock and not an actor: it is held for a copy of one value of references, and a reader must
/// never wait for a turn to end.
final class SnapshotStore: Sendable {
  private let newest: Mutex<DaemonSnapshot>

  /// Of the web server, once there is one.
  private let web = Mutex<(@Sendable () -> WebNumbers)?>(nil)

  init(_ first: DaemonSnapshot) { newest = Mutex(first) }

  /// What is known now.
  var snapshot: DaemonSnapshot { newest.withLock { $0 } }

  /// Changes a part of it. The lock is held for as long as `change` takes.
  func update(_ change: (inout sending DaemonSnapshot) -> Void) {
    newest.withLock { change(&$0) }
  }

  /// From now on `numbers` are asked for the web server's own.
  func connect(web numbers: @escaping @Sendable () -> WebNumbers) {
    web.withLock { $0 = numbers }
  }

  /// What is known now, with closewatch's own numbers of this moment: what metrics are made of.
  var forMetrics: DaemonSnapshot {
    var snapshot = snapshot
    snapshot.process = try? ProcessNumbers(OwnUsage.now(), since: snapshot.startedWallSeconds)
    snapshot.web = web.withLock { $0 }?()
    return snapshot
  }
}

extension ProcessNumbers {
  /// - Parameter start: When it began, in seconds since 1970.
  fileprivate init(_ usage: OwnUsage, since start: Double?) {
    self.init()
    cpuSeconds = usage.cpuSeconds
    residentBytes = usage.residentBytes
    virtualBytes = usage.virtualBytes
    openDescriptors = usage.openDescriptors
    descriptorLimit = usage.descriptorLimit
    startWallSeconds = start
  }
}
