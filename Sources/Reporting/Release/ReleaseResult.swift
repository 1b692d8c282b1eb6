// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// What a release has done.
package struct ReleaseResult: Hashable, Sendable {
  /// Who ran it.
  package struct Operator: Hashable, Sendable {
    package var uid: UInt32
    /// The user who logged in; nil when nobody did.
    package var loginUID: UInt32?

    package init(uid: UInt32, loginUID: UInt32?) {
      self.uid = uid
      self.loginUID = loginUID
    }
  }

  /// The sockets that went.
  package var released: [ReleasePlan.Choice] = []
  /// How many had gone, or changed, before they could be released.
  package var goneMeanwhile = 0
  /// How many could not be released, by the reason in words.
  package var failed: [String: Int] = [:]

  package init() {}

  /// `Released 3 sockets; 1 gone meanwhile; 2 failed: Operation not supported (EOPNOTSUPP)`.
  package var line: String {
    var parts = ["Released \(Quantity.count(released.count, "socket"))"]
    if goneMeanwhile > 0 { parts.append("\(Quantity.count(goneMeanwhile)) already gone") }
    for (reason, count) in failed.sorted(by: { $0.key < $1.key }) {
      parts.append("\(Quantity.count(count)) failed: \(reason)")
    }
    return parts.joined(separator: "; ")
  }

  /// How many sockets an entry of the journal names.
  private static let named = 100

  /// The entry of the journal that says who did what to whom.
  package func fields(_ plan: ReleasePlan, by caller: Operator) -> [JournalEntry.Field] {
    let process = plan.process
    let name = process.map { UntrustedText.printable($0.command) } ?? ""
    let unit = process?.unit.map { " (\(UntrustedText.printable($0)))" } ?? ""
    let user = caller.loginUID.map { "user \($0)" } ?? "user \(caller.uid)"
    let message =
      "release by \(user), of sockets in CLOSE_WAIT for "
      + "\(Quantity.duration(plan.order.olderThanSeconds)) and more, in "
      + "\(name)[\(plan.order.pid)]\(unit): \(lowercasedLine)"
    var fields: [(String, String?)] = [
      ("MESSAGE", message), ("MESSAGE_ID", MessageIDs.release), ("PRIORITY", "5"),
      ("SYSLOG_IDENTIFIER", "closewatch"), ("DOCUMENTATION", "man:closewatch-release(1)"),
      ("OBJECT_PID", String(plan.order.pid)), ("CLOSEWATCH_EVENT", "released"),
      ("CLOSEWATCH_PID", String(plan.order.pid)), ("CLOSEWATCH_COMMAND", name),
      ("CLOSEWATCH_UNIT", process?.unit),
      ("CLOSEWATCH_RELEASED", String(released.count)),
      ("CLOSEWATCH_GONE", String(goneMeanwhile)),
      ("CLOSEWATCH_FAILED", String(failed.values.reduce(0, +))),
      (
        "CLOSEWATCH_OLDER_THAN_SECONDS",
        Quantity.fixed(plan.order.olderThanSeconds, decimals: 3)
      ),
      ("CLOSEWATCH_LOCAL_PORT", plan.order.port.map { String($0) }),
      ("CLOSEWATCH_UID", String(caller.uid)),
      ("CLOSEWATCH_LOGIN_UID", caller.loginUID.map { String($0) }),
    ]
    for choice in released.prefix(Self.named) {
      fields.append(("CLOSEWATCH_SOCKET", "\(choice.row.local) -> \(choice.row.remote)"))
    }
    return fields.compactMap { name, value in
      value.map { JournalEntry.Field(name: name, value: $0) }
    }
  }

  private var lowercasedLine: String { "r" + line.dropFirst() }
}
