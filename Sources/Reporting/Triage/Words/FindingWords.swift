// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The parts of a finding in words, the same in the page and in the list.
struct FindingWords {
  /// nil: nothing is known of namespaces but what the findings say.
  private let report: TriageReport?
  private let style: TextStyle

  init(_ report: TriageReport?, style: TextStyle) {
    self.report = report
    self.style = style
  }

  /// One line: `warning close-wait-leak  nginx[812]: 88 sockets in CLOSE_WAIT, 3.0/s`.
  func line(_ finding: Finding) -> String {
    var parts = [what(finding) + (finding.lifecycle == .resolved ? " at its peak" : "")]
    if finding.lifecycle != .resolved, let growth = finding.growth, growth.perSecond > 0 {
      parts.append(Quantity.rate(growth.perSecond))
    }
    if let port = finding.localPort { parts.append("port \(port)") }
    if let destination = destination(finding) { parts.append("to " + destination) }
    if finding.lifecycle == .firing, let report {
      let clock = report.clock(offsetSeconds: report.utcOffsetSeconds)
      parts += [
        EndWords.standing(finding, clock: clock), EndWords.unseen(finding, clock: clock),
      ].compactMap { $0 }
    }
    if finding.lifecycle != .resolved, let forecast = finding.forecast, forecast.seconds != nil {
      parts.append(time(forecast))
    }
    let severity = finding.lifecycle == .firing ? finding.severity.name + " " : ""
    return "\(severity)\(finding.rule.rawValue) (\(finding.cause.rawValue)): \(who(finding)), "
      + parts.joined(separator: ", ")
  }

  /// `python3[4711] in api.service`, or what is known of the owner when no process is.
  func who(_ finding: Finding) -> String { parts(finding).whole }

  /// The same, for where there may be no room for all of it.
  func parts(_ finding: Finding) -> WhoWords {
    let actors = finding.culprits.filter { $0.role != .peer }
    guard let first = actors.first else {
      return WhoWords(
        finding.owner.kind == .kernel ? "no process" : printable(finding.owner.title))
    }
    let alike = Set(actors.filter { $0.role == first.role }.map(\.process.id))
    // The program to fix is the one that opened the socket, not the one that was handed it.
    let opener = actors.first { $0.role == .opener && !alike.contains($0.process.id) }
    var words = WhoWords(printable(first.process.command))
    words.main = first.process.mainName.map(printable)
    words.pid = first.process.id.pid
    words.others = alike.count - 1
    words.home = home(of: first.process, besides: finding.owner)
    words.opener = opener.map { name($0.process) }
    return words
  }

  /// `88 sockets in CLOSE_WAIT`: as many as there are, or of what is not there any more, ever were.
  func what(_ finding: Finding) -> String {
    let sockets = showsPeak(finding) ? finding.peak : finding.sockets
    let dead = died(finding)
    guard dead > 0 else { return Self.what(sockets, of: finding.rule, in: finding.state) }
    return dead == sockets
      ? "\(Quantity.count(dead, "descriptor")) on sockets that died in \(finding.state.name)"
      : Self.what(sockets - dead, of: finding.rule, in: finding.state)
        + " and \(Quantity.count(dead)) that died in it"
  }

  private func showsPeak(_ finding: Finding) -> Bool {
    finding.lifecycle == .resolved || finding.isCalm
  }

  /// How many of its sockets have left the state that it is told by, with their descriptor open.
  /// Of what is not there any more only the most that there were is told.
  private func died(_ finding: Finding) -> Int {
    guard !showsPeak(finding), finding.rule.guide.counts == .sockets else { return 0 }
    return min(finding.turnedDead, finding.sockets)
  }

  /// The same in few columns: `88 in CLOSE_WAIT`.
  func short(_ finding: Finding) -> String {
    let count = Quantity.count(finding.isCalm ? finding.peak : finding.sockets)
    switch finding.rule.guide.counts {
    case .deadSockets: return count + " dead sockets"
    case .openDescriptors: return count + " descriptors"
    case .orphans: return count + " orphans"
    case .queued: return count + " not accepted"
    case .sockets: break
    }
    let dead = died(finding)
    if dead == 0 { return "\(count) in \(finding.state.name)" }
    if dead == finding.sockets { return "\(count) dead, were \(finding.state.name)" }
    let living = Quantity.count(finding.sockets - dead)
    return "\(living) in \(finding.state.name), \(Quantity.count(dead)) dead"
  }

  /// ` to 192.0.2.9:5432`, ` on :8080`; empty when there is no one place.
  func shortPlace(_ finding: Finding) -> String {
    if let destination = destination(finding) { return " to " + destination }
    return finding.localPort.map { " on :\($0)" } ?? ""
  }

  /// The same of a number alone: what a rule counts.
  static func what(_ sockets: Int, of rule: RuleID, in state: TCPState) -> String {
    switch rule.guide.counts {
    case .deadSockets:
      Quantity.count(sockets, "descriptor") + " on dead sockets"
    case .openDescriptors:
      Quantity.count(sockets, "descriptor") + " open"
    case .orphans:
      Quantity.count(sockets, "orphan")
    case .queued:
      Quantity.count(sockets, "connection") + " in the accept queue"
    case .sockets:
      Quantity.count(sockets, "socket") + " in \(state.name)"
    }
  }

  /// What heads the list of the processes of one role.
  func label(_ role: Culprit.Role) -> String {
    switch role {
    case .holder: "held by"
    case .listener: "listener"
    case .opener: "opened by"
    case .peer: "other end"
    }
  }

  /// `python3[4711] 88 (uid 33, up 3 h), worker[4712] 3 (uid 0, up 40 s; inferred from its live
  /// connections to the same place)`.
  func processes(_ culprits: [Culprit]) -> String {
    let shown = culprits.prefix(4).map { culprit in
      let how: String? =
        switch culprit.attribution {
        case .descriptor: nil
        case .listener: culprit.role == .listener ? nil : "by the listener's port"
        case .remembered: "remembered from when it held them"
        case .parent: "inferred: the holder is younger than the connections, and its child"
        case .counted: "its connects were counted by the kernel"
        case .sibling: "inferred from its live connections to the same place"
        }
      let facts = [life(of: culprit.process), how].compactMap { $0 }.joined(separator: "; ")
      return "\(name(culprit.process)) \(Quantity.count(culprit.sockets))"
        + (facts.isEmpty ? "" : " (\(facts))")
    }
    let more = culprits.count > 4 ? " and \(culprits.count - 4) more" : ""
    return shown.joined(separator: ", ") + more
  }

  /// `uid 33, up 3 h`.
  private func life(of process: ProcessRecord) -> String? {
    var parts = process.uid.map { ["uid \($0)"] } ?? []
    if let now = report?.census.takenAt, process.id.startTicks > 0 {
      let seconds = now.seconds(since: process.id.startedAt)
      if seconds >= 1 { parts.append("up \(Quantity.duration(seconds))") }
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// The namespace, where it is not the reader's own, and the ports.
  func place(_ finding: Finding) -> String? {
    var parts: [String] = []
    if let port = finding.localPort { parts.append("local port \(port)") }
    if let namespace = report?.namespace(finding.namespace) {
      if !namespace.isOwn {
        parts.append(NamespaceWords.heading(namespace, unicode: style.unicode))
      }
    } else if let name = finding.namespaceName {
      parts.append("netns " + printable(name))
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Where connections that it opened go to: `10.0.0.7:5432`; nil for those that came in.
  func destination(_ finding: Finding) -> String? {
    guard finding.localPort == nil else { return nil }
    guard let most = finding.peers.first?.remote, most.port != 0 else {
      return finding.remotePort.map { "port \($0)" }
    }
    return most.description + (finding.peers.count > 1 ? " and other places" : "")
  }

  /// What stands behind it: `probably waits for 10.0.0.7:5432 (postgres[812]): 88 connections
  /// without an answer`.
  func root(_ finding: Finding) -> String? {
    guard let root = finding.root else { return nil }
    let place = root.place.map { " \($0)" } ?? ""
    let process = root.process.map { of(root, $0) } ?? ""
    let waiting = root.waiting.map { ": " + RootWords.waiting($0) } ?? ""
    return RootWords.what(root.kind, hasPlace: root.place != nil) + place + process + waiting
  }

  private func of(_ root: Root, _ process: ProcessRecord) -> String {
    switch root.kind {
    case .stoppedBySignal where root.place == nil: ": \(name(process))"
    case .waitsForBackend where process.isStopped:
      " (\(name(process)), which a signal has stopped)"
    default: " (\(name(process)))"
    }
  }

  /// The commonest remote ends with their numbers.
  func peers(_ finding: Finding) -> String {
    let shown = finding.peers.prefix(3)
    var text = shown.map { peer in
      let remote = peer.remote
      let place = remote.port == 0 ? remote.address.description : remote.description
      return "\(place) (\(Quantity.count(peer.sockets)))"
    }.joined(separator: ", ")
    let told = shown.reduce(0) { $0 + $1.sockets }
    // A queue also counts what has left it by the time that the rows are read. Where there are as
    // many peers as a finding has room for, there may be more.
    let areAll = finding.rule.guide.counts == .queued && finding.peers.count < PeerCount.most
    let all =
      areAll
      ? finding.peers.reduce(0) { $0 + $1.sockets }
      : finding.sockets - finding.unseen - finding.turnedDead
    let rest = all - told
    if rest > 0 { text += ", elsewhere \(Quantity.count(rest))" }
    return text
  }

  /// `descriptors in 41-55 min (1,204 of 4,096 used)`.
  ///
  /// Without a time it is one that stands, or one that no growth was measured for.
  func forecast(_ finding: Finding) -> String? {
    finding.forecast.map { forecast in
      let (used, limit) = (Quantity.count(forecast.used), Quantity.count(forecast.limit))
      return "\(end(finding, forecast)) (\(used) of \(limit) used)"
    }
  }

  /// `descriptors in 41-55 min`, `ephemeral ports: 97% used`.
  private func end(_ finding: Finding, _ forecast: Forecast) -> String {
    finding.hasRunOut && forecast.used < forecast.limit
      ? name(forecast.resource) + share(forecast)
      : time(forecast, without: noTime(finding))
  }

  /// Why there is no time.
  private func noTime(_ finding: Finding) -> String {
    if finding.notGrowingSince != nil { return "not growing" }
    if finding.growth != nil { return "not at this rate" }
    return ChangeWords.pauseSeconds(finding).map { "not growing for \(Quantity.duration($0))" }
      ?? "growth not measured yet"
  }

  private func share(_ forecast: Forecast) -> String {
    // 100 times the kernel's greatest number does not fit.
    ": \(Int(100 * Double(forecast.used) / Double(max(1, forecast.limit))))% used"
  }

  /// The same where a sentence goes on; nil without a time.
  func outOf(_ finding: Finding) -> String? {
    guard let forecast = finding.forecast else { return nil }
    if finding.hasRunOut || forecast.used >= forecast.limit { return end(finding, forecast) }
    return forecast.seconds.map { _ in "out of " + time(forecast) }
  }

  /// `descriptors in 41-55 min`.
  ///
  /// - Parameter reason: Why there is no time.
  func time(_ forecast: Forecast, without reason: String = "not growing") -> String {
    let name = name(forecast.resource)
    if forecast.used >= forecast.limit { return "\(name): none left" }
    guard let seconds = forecast.seconds else {
      return "\(name): \(reason)"
    }
    // Without a high end it is the earliest time, and no other is known.
    let latest = forecast.lowSeconds == nil ? seconds : forecast.highSeconds
    if let latest, latest < 60 { return "\(name) within a minute" }
    switch (forecast.lowSeconds, forecast.highSeconds) {
    case (let low?, let high?):
      return "\(name) in \(Quantity.duration(from: low, to: high))"
    case (let low?, nil):
      return "\(name) in \(Quantity.duration(low)) at the earliest"
    default:
      return "\(name) in about \(Quantity.duration(seconds))"
    }
  }

  /// `fds in 41-55 min`; without a time empty, or `ports: 97% used`.
  func shortTime(_ finding: Finding) -> String {
    guard let forecast = finding.forecast else { return "" }
    let name = shortName(forecast.resource)
    if forecast.used >= forecast.limit { return "\(name): none left" }
    guard let seconds = forecast.seconds else {
      guard finding.hasRunOut else { return "" }
      return name + share(forecast)
    }
    if let low = forecast.lowSeconds, let high = forecast.highSeconds {
      return "\(name) in \(Quantity.duration(from: low, to: high))"
    }
    return "\(name) in \(Quantity.duration(forecast.lowSeconds ?? seconds))"
  }

  private func shortName(_ resource: Forecast.Resource) -> String {
    switch resource {
    case .descriptors: "fds"
    case .ephemeralPorts: "ports"
    case .acceptQueue: "queue"
    case .timeWaitBuckets: "buckets"
    case .orphans: "orphans"
    case .tcpMemory: "memory"
    }
  }

  /// What runs out, for a sentence.
  func name(_ resource: Forecast.Resource) -> String {
    switch resource {
    case .descriptors: "descriptors"
    case .ephemeralPorts: "ephemeral ports"
    case .acceptQueue: "the accept queue"
    case .timeWaitBuckets: "TIME_WAIT buckets"
    case .orphans: "orphans"
    case .tcpMemory: "TCP memory pages"
    }
  }

  /// `pid 4711 fd 7: 127.0.0.1:18080 -> 127.0.0.1:42720, Recv-Q 1, 29 s`.
  func example(_ example: ExampleSocket) -> String {
    let row = example.row
    let holder =
      example.holder.map {
        "pid \($0.process.pid) \(HolderWords.descriptor($0.fd, in: $0.table)): "
      } ?? ""
    // A dead socket has lost its addresses; what is known of it is the inode.
    guard row.localPort != 0 || row.remotePort != 0 else { return "\(holder)socket:[\(row.inode)]" }
    let age = example.age.bound == .unknown ? "" : ", " + Quantity.age(example.age)
    // Its queues are memory.
    if row.knowledge.contains(.mptcp) {
      return "\(holder)\(row.local) \(style.arrow) \(row.remote), MPTCP\(age)"
    }
    let send = row.sendQueue > 0 ? ", Send-Q \(row.sendQueue)" : ""
    return "\(holder)\(row.local) \(style.arrow) \(row.remote), Recv-Q \(row.receiveQueue)\(send)"
      + age
  }

  /// A title as the rest of a sentence. A word in capitals (`FIN`) is left as it is.
  func lowercasedFirst(_ title: String) -> String {
    let word = title.prefix { $0 != " " }
    guard word.dropFirst().allSatisfy({ !$0.isUppercase && $0 != "_" }) else { return title }
    return title.prefix(1).lowercased() + title.dropFirst()
  }

  /// `api.service`, `container 0123456789ab`, `pod checkout-7f9c/payments (container app)`.
  private func home(of process: ProcessRecord, besides owner: Owner) -> String? {
    // A container's scope has nothing but its 64 digits.
    if process.owner.kind != .container, let unit = process.unit { return printable(unit) }
    if let container = process.containerTitle { return printable(container) }
    return owner.kind == .unit || owner.kind == .container ? printable(owner.title) : nil
  }

  /// `nginx[812]`, `python3 app.py[4711]`.
  private func name(_ process: ProcessRecord) -> String {
    ProcessWords.name(process, unicode: style.unicode)
  }

  func printable(_ text: String) -> String {
    UntrustedText.printable(text, unicode: style.unicode)
  }
}
