// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What `explain` says about pasted lines: the words of the states, with the figures of the lines.
struct PastedWords {
  private let style: TextStyle
  private let fewest: Int

  init(style: TextStyle, settings: RuleSettings) {
    self.style = style
    fewest = settings.fewestStuck
  }

  func write(_ text: PastedText, to page: inout TextPage) {
    if text.socketCount > 0, text.socketCount <= PastedText.mostSockets,
      text.counts.values.reduce(0, +) == text.socketCount
    {
      for socket in text.sockets { write(socket, to: &page) }
    } else {
      writeTable(text, to: &page)
    }
    if text.isCut {
      page.blank()
      page.paragraph("The text was too long: its end was not read.")
    }
  }

  // MARK: One socket

  private func write(_ socket: PastedSocket, to page: inout TextPage) {
    page.blank()
    page.paragraph(title(socket), .strong)
    page.block(StateGuide.text(for: socket.state) ?? "")
    page.blank()
    if let queues = queues(socket) { page.field("queues", queues) }
    for tell in StateLore.of(socket.state)?.tells ?? [] where tell.holds(of: socket) {
      page.item(tell.words)
    }
    page.field("held by", holders(socket))
    if let timer = timer(socket) { page.field("timer", timer) }
    page.field("moved by", StateLore.of(socket.state)?.movedBy ?? "")
    page.field("more", "closewatch explain \(socket.state.name)")
    if let holder = socket.holders.first {
      page.field("", "closewatch triage \(holder.pid)")
    }
  }

  private func title(_ socket: PastedSocket) -> String {
    let ends = [socket.local, socket.state == .listen ? nil : socket.remote].compactMap { $0 }
    guard !ends.isEmpty else { return "\(socket.state.name), as \(socket.tool.rawValue) shows it" }
    return "\(socket.state.name): " + ends.map(shown).joined(separator: " \(style.arrow) ")
  }

  private func queues(_ socket: PastedSocket) -> String? {
    guard let receive = socket.receiveQueue, let send = socket.sendQueue,
      socket.state != .timeWait
    else { return nil }
    if socket.state == .listen {
      // /proc/net/tcp has no limit, and netstat reads nothing else.
      let limit =
        socket.tool == .ss
        ? "; their limit is \(Quantity.count(Int(clamping: send)))"
        : "; netstat does not show their limit"
      let waiting = Quantity.count(Int(clamping: receive), "connection")
      return "\(waiting) in the accept queue\(limit)"
    }
    return "Recv-Q \(receive), Send-Q \(send)"
      + (receive == 0 && send == 0 ? ": nothing waits to be read or sent" : "")
  }

  private func holders(_ socket: PastedSocket) -> String {
    if socket.holders.isEmpty {
      switch socket.state {
      case .timeWait: return "nobody: the kernel alone"
      case .synRecv: return "nobody yet: it belongs to the listener of its port"
      default:
        return "not in this line: no process has it, or \(socket.tool.rawValue) was run without "
          + "-p or without root"
      }
    }
    return socket.holders.map { holder in
      "\(shown(holder.command))[\(holder.pid)]" + (holder.fd.map { " fd \($0)" } ?? "")
    }.joined(separator: ", ")
  }

  private func timer(_ socket: PastedSocket) -> String? {
    guard let timer = socket.timer else { return StateLore.of(socket.state)?.timer }
    guard let meaning = TimerWords.meaning(timer) else { return shown(timer) }
    return "\(timer): \(meaning)"
  }

  private func shown(_ text: String) -> String {
    UntrustedText.printable(
      UntrustedText.cut(text, columns: 60, unicode: style.unicode), unicode: style.unicode)
  }

  // MARK: A table

  private func writeTable(_ text: PastedText, to page: inout TextPage) {
    page.heading("What each state means")
    for row in text.rows {
      let count = Quantity.count(row.count)
      let pad = String(repeating: " ", count: max(1, 10 - count.utf8.count))
      let name = row.state.name
      let gap = String(repeating: " ", count: max(1, 13 - name.utf8.count))
      page.verbatim("\(pad)\(count)  \(name)\(gap)\(StateLore.of(row.state)?.line ?? "")")
    }
    page.blank()
    guard let first = text.first(fewest: fewest), let lore = StateLore.of(first) else {
      writeNothingWaits(text, to: &page)
      return
    }
    let count = Quantity.count(text.counts[first] ?? 0)
    page.paragraph("Look at \(first.name) first: \(count).", .strong)
    page.field("moved by", lore.movedBy)
    page.field("timer", lore.timer)
    if let most = text.mostOften(first) {
      page.field("held by", "\(shown(most.name)): \(Quantity.count(most.count)) of them")
    }
    page.blank()
    page.paragraph(
      "A count proves nothing: what matters is whether they stay. closewatch triage watches them, "
        + "and says who holds them and why.")
    page.blank()
    page.verbatim("  closewatch triage")
    page.verbatim("  closewatch sockets --state \(first.dashedName)")
    page.verbatim("  closewatch explain \(first.name)")
  }

  private func writeNothingWaits(_ text: PastedText, to page: inout TextPage) {
    let waiting = text.counts[.timeWait] ?? 0
    page.paragraph(
      "None of these stands out: each state that waits for somebody has fewer than \(fewest) "
        + "sockets."
        + (waiting > 0
          ? " TIME_WAIT ends by itself after 60 s; it matters only where this host opens the "
            + "connections, when the local ports to one destination run out."
          : ""))
    page.blank()
    page.verbatim("  closewatch triage")
    if waiting > 0 { page.verbatim("  closewatch explain \(TCPState.timeWait.name)") }
  }
}

/// The timers of a socket by the names that ss and netstat have for them.
enum TimerWords {
  /// nil for a name that is not known.
  static func meaning(_ name: String) -> String? {
    switch name {
    case "on": "data or a FIN is sent again until it is acknowledged"
    case "keepalive": "the program has set SO_KEEPALIVE; it runs to the next probe"
    case "timewait": "the kernel ends it when this is over"
    case "persist", "probe": "the peer does not read; the kernel asks now and then whether it does"
    case "off": "none runs"
    default: nil
    }
  }
}
