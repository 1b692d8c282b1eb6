// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How many connections there have ever been in the network namespace of this process: as long as
/// it stays the same, a look would show no new one. It costs a fraction of one.
package struct ConnectionCount: Hashable, Sendable {
  private var opened: UInt64
  private var accepted: UInt64

  /// Those until now; nil when the kernel does not say.
  package static func now() -> ConnectionCount? {
    var facts = NamespaceFacts(procRoot: "/proc")
    let counters = facts.counters(in: "/proc/self/net")
    guard let opened = counters.activeOpens, let accepted = counters.passiveOpens else {
      return nil
    }
    return ConnectionCount(opened: opened, accepted: accepted)
  }
}
