// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Says what a look could not see, and what would let it.
package enum GapWords {
  /// One sentence, with the count and the remedy; the remedy is not told to one who has taken it.
  package static func sentence(
    _ gap: Gap, unicode: Bool = false, isRoot: Bool = true
  ) -> String {
    let detail = UntrustedText.printable(gap.detail, unicode: unicode)
    return what(gap) + (detail.isEmpty ? "" : ": " + detail) + (isRoot ? "" : remedy(gap.kind))
  }

  /// That the descriptors of `who` were not read, and what would let them be; the remedy is not
  /// told to one who has taken it.
  package static func cannotLook(at who: String, isRoot: Bool) -> String {
    "cannot look at the descriptors of \(who)"
      + (isRoot ? "" : ": run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH")
  }

  /// The processes that may hold what has no holder; nil when all were read.
  static func unread(_ gaps: [Gap]) -> String? {
    let hiding = gaps.filter(\.hidesHolders)
    // A call that is stuck is no number of processes.
    let count = hiding.lazy.filter { $0.kind != .callStuck }.reduce(0) { $0 + $1.count }
    return count > 0 ? processes(count) : hiding.isEmpty ? nil : "some processes"
  }

  private static func what(_ gap: Gap) -> String {
    let count = gap.count
    switch gap.kind {
    case .descriptorsUnreadable:
      return "Descriptors of \(processes(count)) unreadable"
    case .processesHidden: return "\(processes(count)) hidden (hidepid)"
    case .namespaceNotRead:
      return "\(Quantity.count(count, "network namespace")) not read"
    case .namespaceUnknown: return "Network namespace of \(processes(count)) unknown"
    case .socketsUnlisted:
      return "\(Quantity.count(count, "living socket")) in no table that was read"
    case .dumpRefused: return "sock_diag refused"
    case .dumpInterrupted: return "The table changed while it was read"
    case .rowUndecodable: return "\(Quantity.count(count, "row")) not understood"
    case .boundReached: return "A limit of closewatch was reached, the rest was not read"
    case .sourceLimited: return "What was read does not tell everything"
    case .mptcpUnread: return "States of MPTCP sockets not read, leaks among them look open"
    case .fileUnreadable: return "\(Quantity.count(count, "file")) unreadable"
    case .callStuck: return "Not read, because a call into the kernel has not returned"
    case .runtimeUnread:
      return "Runtime of \(Quantity.count(count, "program")) not read"
    case .connectsUncounted: return "sampling.events is on, but connects are not counted"
    case .connectsLost: return "\(Quantity.count(count, "connect")) not counted"
    }
  }

  private static func processes(_ count: Int) -> String {
    Quantity.count(count, "process", plural: "processes")
  }

  private static func remedy(_ kind: Gap.Kind) -> String {
    switch kind {
    case .descriptorsUnreadable, .processesHidden, .namespaceNotRead, .namespaceUnknown:
      "; run as root to see them"
    default: ""
    }
  }
}
