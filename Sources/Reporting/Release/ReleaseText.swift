// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// What a release will do and will not do, before it is done.
package struct ReleaseText {
  private let plan: ReleasePlan
  private let style: TextStyle

  /// How many sockets are shown one by one.
  private static let shown = 20

  package init(_ plan: ReleasePlan, style: TextStyle) {
    self.plan = plan
    self.style = style
  }

  /// The page: the sockets that would go, the others with the reason, and what stays in any case.
  package func text() -> String {
    var page = TextPage(style: style)
    guard !plan.choices.isEmpty else {
      page.paragraph("Nothing to release: \(nothing).", .strong)
      writeStaying(to: &page, verb: "")
      if !plan.knowsAllHolders {
        page.item("\(style.bullet) not every process could be looked at: closewatch doctor")
      }
      return page.text
    }
    page.paragraph(
      "WILL RELEASE \(sockets(plan.choices.count)) in CLOSE_WAIT of \(who)", .strong)
    for choice in plan.choices.prefix(Self.shown) { page.item(line(choice)) }
    let rest = plan.choices.count - Self.shown
    if rest > 0 { page.item("and \(Quantity.count(rest)) younger ones") }
    page.blank()
    page.paragraph(
      """
      Each connection is aborted with a reset: its row leaves the tables, and the peer, if it \
      still has the connection, reads ECONNRESET. This cannot be undone.
      """)
    page.heading("WILL NOT")
    page.item("\(style.bullet) close a descriptor: \(descriptors)")
    page.item("\(style.bullet) fix the leak: closewatch explain close-wait-leak")
    writeStaying(to: &page, verb: "touch ")
    page.heading("MAY")
    page.item(
      """
      \(style.bullet) wake the program: one that waits for such a socket (epoll, poll) sees \
      HUP and ERR and may close it then; a read returns 0, the first write ECONNABORTED
      """)
    if !plan.knowsAllHolders {
      page.item(
        """
        \(style.bullet) hit another process that holds the same socket: not every process could \
        be looked at
        """)
    }
    return page.text
  }

  private var who: String {
    guard let process = plan.process else { return "pid \(plan.order.pid)" }
    let unit = process.unit.map { " (\(printable($0)))" } ?? ""
    return "\(name(process))\(unit)"
  }

  private func name(_ process: ProcessRecord) -> String {
    ProcessWords.name(process, unicode: style.unicode)
  }

  private var nothing: String {
    guard plan.process != nil || !plan.staying.isEmpty else {
      return "pid \(plan.order.pid) was not seen to hold a socket in CLOSE_WAIT"
    }
    return "no socket in CLOSE_WAIT of \(who) qualifies"
  }

  private func line(_ choice: ReleasePlan.Choice) -> String {
    let row = choice.row
    let descriptors = choice.holders.map { "fd \($0.fd)" }.joined(separator: ", ")
    let unread = row.receiveQueue > 1 ? ", Recv-Q \(row.receiveQueue)" : ""
    let others = choice.others.isEmpty ? "" : ", held by \(pids(choice.others)) too"
    return "\(descriptors): \(row.local) \(style.arrow) \(row.remote), "
      + "\(Quantity.age(choice.age))\(unread)\(others)"
  }

  private func pids(_ processes: [ProcessID]) -> String {
    let words = processes.prefix(3).map { id in
      plan.sharers.first { $0.id == id }.map(name) ?? "pid \(id.pid)"
    }
    let more = processes.count > 3 ? " and \(processes.count - 3) more" : ""
    return words.joined(separator: ", ") + more
  }

  private var descriptors: String {
    let count = plan.choices.reduce(0) { $0 + $1.holders.count }
    var words =
      count == 1
      ? "it stays open in the process until that closes it"
      : "the \(Quantity.count(count)) stay open in the process until that closes them"
    if let used = plan.process?.descriptorCount, let limit = plan.process?.descriptorSoftLimit {
      words +=
        ", and \(count == 1 ? "counts" : "count") towards its limit (\(Quantity.count(used)) of "
        + (limit > UInt64(Int.max) ? "unlimited" : Quantity.count(Int(limit))) + ")"
    }
    return words
  }

  private func writeStaying(to page: inout TextPage, verb: String) {
    for reason in ReleasePlan.Reason.allCases {
      guard let count = plan.staying[reason] else { continue }
      page.item("\(style.bullet) \(verb)\(sockets(count)) \(words(reason))")
    }
  }

  private func words(_ reason: ReleasePlan.Reason) -> String {
    let age = Quantity.duration(plan.order.olderThanSeconds)
    switch reason {
    case .noCookie:
      return "without a cookie (MPTCP, or sock_diag was refused): another could be hit"
    case .otherPort: return "of another local port than \(plan.order.port ?? 0)"
    case .ioUringOnly: return "that only an io_uring of the process holds"
    case .ageUnknown: return "of unknown age"
    case .tooYoung: return "not known to be older than \(age)"
    case .shared: return "that \(pids(plan.sharers.map(\.id))) holds too: --shared includes them"
    case .othersUnknown: return "that another process may hold too: not all could be looked at"
    case .beyondLimit: return "beyond --limit \(Quantity.count(plan.order.limit))"
    }
  }

  private func sockets(_ count: Int) -> String { Quantity.count(count, "socket") }

  private func printable(_ text: String) -> String {
    UntrustedText.printable(text, unicode: style.unicode)
  }
}
