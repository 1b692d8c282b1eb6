// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The page of one socket: its state, its life, who holds it, its other end, and what to do.
struct SocketPage {
  private static let labelColumns = 13

  private let detail: SocketDetail
  private let place: TopState.Place
  private let columns: Int
  private var out: [ScreenLine] = []

  init(_ detail: SocketDetail, place: TopState.Place, columns: Int) {
    self.detail = detail
    self.place = place
    self.columns = columns
  }

  private var unicode: Bool { place.style.unicode }
  private var row: SocketRow? { detail.row }

  func lines() -> [ScreenLine] {
    var page = self
    page.write()
    return page.out
  }

  private mutating func write() {
    writeTitle()
    writeState()
    writeQueues()
    writeHolders()
    writeOtherEnd()
    writeLife()
    writeSeen()
    writeIdentity()
    writeAdvice()
  }

  // MARK: What it is

  private mutating func writeTitle() {
    out.append(ScreenLine())
    let ends =
      row.map { row in
        row.state == .listen
          ? "\(text(row.local))" : "\(text(row.local)) \(place.style.arrow) \(text(row.remote))"
      } ?? "A descriptor on a dead socket, in no table of the kernel"
    for line in place.style.wrap(ends, columns: columns - 2) {
      out.append(ScreenLine("  " + line, .strong))
    }
    if let gone = detail.goneAt {
      out.append(ScreenLine("  Gone by \(time(gone)); below is its last known state.", .warn))
    }
    out.append(ScreenLine())
  }

  private mutating func writeState() {
    let state = row?.state ?? .close
    var words = row == nil ? "dead (CLOSE)" : state.name
    if detail.socket.age.bound != .unknown, state != .listen {
      words += " for \(Quantity.age(detail.socket.age))"
    }
    switch detail.socket.wait {
    case .no: break
    case .waiting: words += "; waits to be closed"
    case .stuck: words += "; STUCK"
    }
    field("state", words, detail.socket.wait == .stuck ? .warn : .plain)
    if let cause { field("why", cause) }
  }

  /// What the kernel's row says of the reason.
  private var cause: String? {
    guard let row else {
      return "The connection is dead and the program has not closed the descriptor."
    }
    switch row.state {
    case .closeWait where detail.process?.isStopped == true:
      return """
        The peer has closed, and a signal has stopped the process (state T): it does nothing until \
        it gets SIGCONT.
        """
    case .closeWait where row.inode == 0:
      return "The peer has closed and no process has accepted it: the listener does not keep up."
    case .closeWait
    where row.receiveQueue == 0 && row.sendQueue == 0 && detail.peerMayWaitForAnswer:
      return "The peer has shut down its sending only, and may wait for an answer."
    case .closeWait where row.knowledge.contains(.mptcp):
      return """
        The peer has closed and the program has not. MPTCP does not show what it has read.
        """
    case .closeWait where row.sendQueue > 0:
      return """
        The peer has closed its side and does not take what is still sent to it \
        (Send-Q \(Quantity.count(Int(row.sendQueue)))).
        """
    case .closeWait where row.receiveQueue == 0 && waitsForBackend:
      return """
        The peer has closed, and the program has read to the end. It is probably waiting for its \
        backend.
        """
    case .closeWait where row.receiveQueue == 0:
      return "The peer has closed, the program has read to the end, and close() is missing."
    case .closeWait where row.receiveQueue == 1:
      return "The peer has closed, and the program has not read the end of the stream."
    case .closeWait:
      return """
        The peer has closed, and the program has not read what it sent \
        (\(Quantity.bytes(Int(row.receiveQueue) - 1))).
        """
    case .finWait2 where row.inode != 0:
      return "This side has closed its half and waits for the peer's close(). No timer runs."
    default: return nil
    }
  }

  private var waitsForBackend: Bool { detail.finding?.root?.kind == .waitsForBackend }

  private mutating func writeQueues() {
    guard let row else { return }
    if row.state == .listen {
      let limit =
        row.knowledge.contains(.acceptQueueLimit) ? Quantity.count(Int(row.sendQueue)) : "unknown"
      field("queue", "\(Quantity.count(Int(row.receiveQueue))) wait for accept(), limit \(limit)")
      return
    }
    field(
      "queues",
      row.knowledge.contains(.mptcp)
        ? "not known (MPTCP)"
        : "Recv-Q \(Quantity.count(Int(row.receiveQueue))), Send-Q "
          + Quantity.count(Int(row.sendQueue)))
    field("timer", row.knowledge.contains(.mptcp) ? "not known (MPTCP)" : timer(row))
  }

  private func timer(_ row: SocketRow) -> String {
    let left = Quantity.duration(Double(row.timerMilliseconds) / 1000)
    let sent = Int(row.retransmits)
    switch row.timer {
    case .none: return "none: it stays until a program or a packet moves it"
    case .retransmit: return "sends again in \(left), did so \(Quantity.count(sent, "time"))"
    case .keepalive: return "keepalive in \(left), \(Quantity.count(sent, "probe")) unanswered"
    case .timeWait: return "the kernel removes it in \(left)"
    case .probe: return "probes a closed window in \(left), did so \(Quantity.count(sent, "time"))"
    case .other: return "of a kind that closewatch does not know"
    }
  }

  // MARK: Who has it

  private mutating func writeHolders() {
    guard !detail.holders.isEmpty else {
      if detail.deadSocket != nil, let process = detail.process {
        field("held by", words(process, fd: detail.socket.fd, table: .process))
      } else {
        field("held by", nobody)
      }
      return
    }
    for (index, holder) in detail.holders.prefix(16).enumerated() {
      field(
        index == 0 ? "held by" : "and by",
        words(holder.process, fd: holder.fd, table: holder.table))
    }
    if detail.holders.count > 16 { field("", "and \(detail.holders.count - 16) more") }
  }

  private var nobody: String {
    let name = detail.process.map { ProcessWords.name($0, unicode: unicode) }
    switch detail.socket.relation {
    case .listener: return "no process: it waits for \(name ?? "a listener") to accept it"
    case .opener: return "no process any more; \(name ?? "a process") had it open"
    case .holder, .nobody: break
    }
    guard row?.inode ?? 0 != 0 else { return "no process: the kernel has it alone" }
    return detail.hasUnreadable
      ? "not seen: some processes could not be read" : "no process was found that holds it"
  }

  private func words(_ process: ProcessRecord, fd: Int32, table: SocketHolder.Table) -> String {
    var text =
      ProcessWords.name(process, unicode: unicode) + " " + HolderWords.descriptor(fd, in: table)
    if let executable = process.executable { text += ", \(printable(executable))" }
    if let unit = process.unit { text += ", in \(printable(unit))" }
    if let container = process.containerTitle { text += ", \(printable(container))" }
    return text
  }

  private mutating func writeOtherEnd() {
    guard let row, row.remotePort != 0 else { return }
    guard let other = detail.otherEnd else {
      field("other end", "\(text(row.remote)), in no table that was read on this host")
      return
    }
    var words = "on this host, in \(other.row.state.name)"
    if let process = other.process {
      words +=
        ": \(ProcessWords.name(process, unicode: unicode))"
        + (other.fd >= 0 ? " fd \(other.fd)" : "")
    } else {
      words += ", held by no process"
    }
    if other.row.namespace != row.namespace { words += ", netns \(other.row.namespace.rawValue)" }
    field("other end", words)
  }

  // MARK: Over time

  private mutating func writeSeen() {
    let start = "\(time(detail.firstSeen))\(detail.wasThereBefore ? ", when watching began" : "")"
    field("seen", "from \(start), to \(time(detail.seenAt))")
  }

  private mutating func writeLife() {
    guard row?.state != .listen else { return }
    for (index, step) in detail.life.enumerated() {
      let isEntry = step.isExact || (index > 0 || !detail.wasThereBefore)
      let bound = isEntry ? "" : " or earlier"
      field(index == 0 ? "life" : "", "\(time(step.since)) \(step.state.name)\(bound)")
    }
    if let deadSocket = detail.deadSocket {
      let words = deadSocket.isInherited ? "dead when it was first looked at" : "dead"
      field(detail.life.isEmpty ? "life" : "", "\(time(deadSocket.since)) \(words)")
    }
  }

  private mutating func writeIdentity() {
    var parts: [String] = []
    if let row {
      if row.knowledge.contains(.cookie) {
        parts.append("cookie 0x" + String(row.cookie, radix: 16))
      }
      parts.append(row.inode == 0 ? "no inode" : "inode \(row.inode)")
      parts.append(row.knownUID.map { "uid \($0)" } ?? "uid unknown")
      if let namespace = detail.namespace {
        parts.append(NamespaceWords.heading(namespace, unicode: unicode))
      }
    } else if let deadSocket = detail.deadSocket {
      parts.append("inode \(deadSocket.inode)")
    }
    field("identity", parts.joined(separator: ", "))
  }

  // MARK: What to do

  private mutating func writeAdvice() {
    out.append(ScreenLine())
    guard let finding = detail.finding else {
      writeLore()
      return
    }
    let guide = finding.guide.reading(detail.holders.first?.table ?? .process)
      .filled(with: values(finding))
    let words = FindingWords(nil, style: place.style).line(finding)
    field("finding", words, OwnerWords.emphasis(finding))
    field("means", guide.meaning)
    for (index, step) in guide.now.prefix(3).enumerated() {
      command(index == 0 ? "do now" : "", step)
    }
    if let fix = guide.fix.first { command("fix", fix) }
    field("more", "closewatch explain \(finding.rule.rawValue)")
  }

  private mutating func writeLore() {
    let state = row?.state ?? .close
    if let text = StateGuide.text(for: state) { field("means", text) }
    if detail.socket.wait == .stuck {
      field("verdict", "No finding covers it yet: a single one can be normal.")
    }
    field("more", "closewatch explain \(state.name)")
  }

  private func values(_ finding: Finding) -> GuideValues {
    var values = GuideValues()
    let process = detail.holders.first?.process ?? detail.process
    values.pid = process?.id.pid
    values.fd = detail.socket.fd >= 0 ? detail.socket.fd : nil
    values.port = finding.localPort
    values.remotePort = finding.remotePort
    values.remote = row?.remote
    values.unit = process?.unit
    values.take(placeOf: process)
    values.take(rootOf: finding)
    values.peer = detail.otherEnd?.process?.id.pid
    values.portRange = detail.namespace?.settings.localPortRange
    if let namespace = detail.namespace, !namespace.isOwn {
      values.namespaceMember = namespace.memberPID
      values.namespaceName = namespace.name
    }
    return values
  }

  // MARK: Lines

  private mutating func field(
    _ label: String, _ words: String, _ emphasis: Emphasis = .plain
  ) {
    let indent = Self.labelColumns
    let lines = place.style.wrap(words, columns: max(10, columns - indent - 1))
    for (index, text) in lines.enumerated() {
      var line = ScreenLine()
      line.add("  " + (index == 0 ? label : ""), .faint)
      line.pad(to: indent)
      line.add(text, emphasis)
      out.append(line)
    }
  }

  /// A sentence, then commands, which are never broken inside a word.
  private mutating func command(_ label: String, _ step: String) {
    let lines = step.split(separator: "\n").map(String.init)
    guard let first = lines.first else { return }
    field(label, first)
    let room = columns - Self.labelColumns - 5
    for line in lines.dropFirst() {
      // The shell joins lines that end in a backslash.
      let parts = place.style.wrapCommand(line, columns: max(10, room))
      for (index, part) in parts.enumerated() {
        var shown = ScreenLine()
        shown.pad(to: Self.labelColumns + 2)
        shown.add(index + 1 < parts.count ? part + " \\" : part, .strong)
        out.append(shown)
      }
    }
  }

  private func time(_ instant: BootInstant) -> String {
    ClockText.time(detail.bootWallSeconds + instant.seconds, place.utcOffsetSeconds)
  }

  private func text(_ endpoint: Endpoint) -> String {
    var bytes: [UInt8] = []
    bytes.append(endpoint)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func printable(_ text: some StringProtocol) -> String {
    UntrustedText.printable(String(text), unicode: unicode)
  }
}
