// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables
package import Reporting

extension TraceReport {
  /// The page for a person.
  package func text(_ style: TextStyle) -> String {
    var page = TextPage(style: style)
    page.paragraph(summary, .strong)
    for group in groups { write(group, to: &page) }
    for reason in Unknown.allCases {
      guard let count = unknown[reason] else { continue }
      page.blank()
      page.item("\(share(count))  \(Self.words(reason))")
    }
    if !groups.isEmpty {
      page.blank()
      page.paragraph(
        """
        These are the last places where the program touched these sockets. Whether they or \
        their callers should close them, only the code can tell.
        """)
    }
    if let missed { page.paragraph(missed) }
    return page.text
  }

  /// `WATCHED web.service nginx [812] for 60 s: 60 accepted, 39 closed, 21 still in CLOSE_WAIT`.
  private var summary: String {
    var parts: [String] = []
    if let accepted = outcome.accepted { parts.append("\(Quantity.count(accepted)) accepted") }
    if outcome.connected > 0 { parts.append("\(Quantity.count(outcome.connected)) connected") }
    parts.append("\(Quantity.count(outcome.closed)) closed")
    if outcome.isGone {
      return "\(beginning): \(parts.joined(separator: ", ")). \(Self.ending(outcome.earlyEnd))"
        + " before anybody could look what is stuck."
    }
    let dead = outcome.stuck.count { $0.state == .dead }
    let waiting = outcome.stuck.count - dead
    parts.append("\(Quantity.count(waiting)) still in CLOSE_WAIT")
    if dead > 0 { parts.append("\(Quantity.count(dead)) dead and not closed") }
    let early = outcome.earlyEnd == .interrupted ? ", until you stopped it" : ""
    return "\(beginning)\(early): \(parts.joined(separator: ", ")); \(coverage)."
  }

  private var beginning: String {
    "WATCHED \(Self.name(outcome.target)) for \(Quantity.duration(outcome.watchedSeconds))"
  }

  private static func ending(_ early: TraceOutcome.EarlyEnd?) -> String {
    early == .otherProgram ? "It executed another program" : "It ended"
  }

  private var coverage: String {
    let count = outcome.stuck.count
    if count == 0 { return "nothing is stuck" }
    return known == count
      ? "the code is known of all" : "the code is known of \(Quantity.count(known)) of them"
  }

  private static func name(_ target: TraceTarget) -> String {
    let processes = target.processes.prefix(3).map(\.title)
    let rest = target.processes.count - 3
    let all = processes.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    return (target.unit.map { UntrustedText.printable($0) + " " } ?? "") + all
  }

  private func share(_ count: Int) -> String {
    "\(Quantity.count(count)) of \(Quantity.count(outcome.stuck.count))"
  }

  private func write(_ group: TraceGroup, to page: inout TextPage) {
    page.blank()
    page.item("\(share(group.sockets))  \(Self.words(group))")
    for call in Self.calls(of: group) { page.inner(call) }
    if let lack = group.path.lack { page.inner(lack) }
    if let opener = Self.opener(of: group) { page.inner(opener) }
    if group.path.isOfEventLoop, let next = EventLoop.outermost(in: group.path.frames)?.next {
      page.inner(next)
    }
  }

  /// Where one socket is, for a run: the same judgement and the same words, in one line.
  package static func place(
    of socket: StuckSocket, _ sighting: SocketSighting?, _ loss: TraceLoss
  ) -> CodePlace {
    guard let group = group(of: socket, sighting, loss) else {
      return CodePlace(unknownBecause: why(reason(socket, sighting, loss)))
    }
    let lead = group.path.lead
    guard lead.isOwn else {
      return CodePlace(
        unknownBecause: group.path.isOfEventLoop
          ? "an event loop read it, which reads for all"
          : "only calls of its runtime and libraries were seen")
    }
    let calls = calls(of: group).joined(separator: ", ")
    let parts = ["\(beginning(group)) \(calls)", opener(of: group)].compactMap { $0 }
    var place = CodePlace(parts.joined(separator: "; "), kind: group.kind.rawValue)
    (place.function, place.file, place.line) = (lead.function, lead.file, lead.line)
    return place
  }

  private static func beginning(_ group: TraceGroup) -> String {
    switch group.kind {
    case .endOfStream where group.errno == 0 && group.path.isAskedForLater:
      "asked for what comes, the end, at"
    case .endOfStream where group.errno == 0: "learned of the end at"
    case .endOfStream: "learned that the connection had broken at"
    case .endListener: "told of the end; its listener is"
    case .waitingTask: "an event loop read the end; its task waits at"
    case .endedTask: "an event loop read the end; its task, which has ended, was"
    case .lastRead:
      group.hasUnread ? "last read, as far as was watched, at" : "the last bytes were read at"
    case .opened: "not read since it was \(opened(group)) at"
    }
  }

  private static func opened(_ group: TraceGroup) -> String {
    group.opening == .accepted ? "accepted" : "connected"
  }

  private static func opener(of group: TraceGroup) -> String? {
    group.opener.map { "\(opened(group)) at \($0.line)" }
  }

  private static func calls(of group: TraceGroup) -> [String] {
    var lines: [String] = []
    let result = group.errno == 0 ? " = 0" : " = \(ErrnoName.of(group.errno))"
    switch group.kind {
    case .endOfStream: lines.append(group.path.lead(calling: "read", saying: result))
    case .endListener: lines += group.path.own.map(CodePath.text)
    case .waitingTask, .endedTask: lines.append(CodePath.text(group.path.lead))
    case .lastRead: lines.append(group.path.lead(calling: "read", saying: ""))
    case .opened:
      let call = group.opening == .accepted ? "accept" : "connect"
      lines.append(group.path.lead(calling: call, saying: ""))
    }
    // Listeners do not call each other.
    if group.kind != .endListener, let callers = group.path.callers {
      lines.append("called by \(callers)")
    }
    return lines
  }

  private static func words(_ group: TraceGroup) -> String {
    switch group.kind {
    case .endOfStream:
      group.errno == 0 && group.path.isAskedForLater
        ? "asked here for what comes next, which was the end; who was told of it did not close:"
        : group.errno == 0
          ? "learned of the end \(place(of: group)), and did not close:"
          : "learned \(place(of: group)) that the connection had broken, and did not close:"
    case .endListener:
      group.path.own.count == 1
        ? "were told of the end, and were not closed; their listener is:"
        : "were told of the end, and were not closed; their listeners are:"
    case .waitingTask:
      "were read to the end by an event loop, and not closed; the task of each waits here:"
    case .endedTask:
      "were read to the end by an event loop, and not closed; the task of each has ended; it was:"
    case .lastRead:
      group.hasUnread
        ? "last read \(place(of: group)) as far as was watched, and not closed:"
        : "read the last bytes \(place(of: group)), and did not close:"
    case .opened:
      opened(group)
        + " \(place(of: group)); not read since as far as was watched, and not closed:"
    }
  }

  private static func place(of group: TraceGroup) -> String {
    if group.path.lead.isOwn { return "here" }
    return group.path.isOfEventLoop
      ? "in an event loop (which handler it was for is on no stack)"
      : "in code that is not known to be the program's own"
  }

  private static func words(_ reason: Unknown) -> String {
    (reason == .missed ? "not known: " : "") + why(reason)
  }

  private static func why(_ reason: Unknown) -> String {
    switch reason {
    case .stuckBefore:
      "stuck before the watch began: where they were opened and read is not known"
    case .neverRead: "not read by a watched process since the watch began"
    case .readUnseen:
      "read to the end by what a trace does not see: splice(2), io_uring, another process"
    case .unreadable: "read while watched, by calls that could not be made out"
    case .missed: "some events were missed"
    }
  }

  /// What was missed; nil: nothing.
  private var missed: String? {
    let loss = outcome.loss
    guard loss.total > 0 else { return nil }
    var parts: [String] = []
    if loss.lost > 0 { parts.append("\(loss.lost) did not fit in the buffer") }
    if loss.interrupted > 0 {
      parts.append("\(loss.interrupted) came while the kernel was recording another")
    }
    if loss.skipped > 0 { parts.append("\(loss.skipped) were over the limit per second") }
    if loss.refused > 0 {
      parts.append("\(loss.refused) were on more sockets than can be followed")
    }
    if loss.unread > 0 { parts.append("\(loss.unread) had stacks that could not be read in time") }
    return "Missed events: \(parts.joined(separator: "; ")). For these no code is named; none is"
      + " named in their place."
  }
}
