// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Says what a number of the kernel proves.
enum EvidenceWords {
  static func sentence(_ evidence: Evidence) -> String {
    switch evidence {
    case .survivors(let count, let patience):
      "\(Quantity.count(count)) stayed longer than \(Quantity.duration(patience))"
    case .turnover(let entered, let left, let dwell):
      turnover(entered, left, dwell)
    case .receiveQueue(let zero, let finOnly, let data, let largest):
      receiveQueue(zero, finOnly, data, largest)
    case .sendQueue(let sockets, let largest):
      "\(Quantity.count(sockets, "socket")) with unacknowledged data, up to "
        + Quantity.bytes(largest)
    case .acceptQueue(let used, let limit?):
      "accept queue: \(count(used)) waiting, limit \(count(limit))"
    case .acceptQueue(let used, nil):
      "accept queue: \(count(used)) waiting (this source does not know the limit)"
    case .counter(let name, let increase, let seconds):
      "\(name) rose by \(count(increase)) in \(Quantity.duration(seconds))"
        + meaning(ofCounter: name)
    case .queueFull(let samples, let seconds, let most):
      "the accept queue was full in \(Quantity.count(samples, "sample")) over "
        + "\(Quantity.duration(seconds)), with up to \(count(most)) waiting"
    case .leftQueue(let left, let seconds, let served):
      leftQueue(left, seconds, served)
    case .turnedAway(let increase, let seconds, let isAlone):
      turnedAway(increase, seconds, isAlone)
    case .synQueue(let used, let limit):
      "SYN queue: \(Quantity.count(used, "handshake")) not completed, limit \(count(limit))"
    case .descriptors(let use): descriptors(use)
    case .standing(let seconds):
      "it has stood at this level for at least \(Quantity.duration(seconds))"
    case .setting(let name, let value): "\(name) = \(value)"
    case .retransmits(let median, let most):
      "sent again without an answer: \(count(median)) times (median), up to \(count(most))"
    case .turnedDead(let count):
      "\(Quantity.count(count, "connection")) died while the descriptor stayed open"
    case .closeNotifySized(let bytes):
      "each has \(bytes) bytes unread: a TLS close_notify and the FIN"
    case .goodbyes(let count):
      "on \(Quantity.count(count)) the unread data came with the FIN, and nothing had been asked "
        + "shortly before: probably a server's goodbye"
    case .portsInUse(let used, let capacity, let source, let destination):
      "\(count(used)) of \(count(capacity)) local ports in use from \(source) to \(destination)"
    case .manyPorts(let count, let worst):
      "these are \(Quantity.count(count, "port"))"
        + (worst.map { ", the worst is \($0), and the rest is about that one" } ?? "")
    case .connectsCounted(let counted): connects(counted)
    case .neverUsedAgain(let count, let longest, let patience):
      "\(Quantity.count(count)) not used again after their first moments, "
        + "\(Quantity.count(longest)) of them silent for \(Quantity.duration(patience)) or longer"
    }
  }

  /// What a counter of the kernel counts, where its name does not say it to everybody.
  private static func meaning(ofCounter name: String) -> String {
    switch name {
    case "PassiveOpens": " (handshakes completed as a server)"
    case "ActiveOpens": " (connections begun as a client)"
    default: ""
    }
  }

  private static func count(_ value: Int) -> String { Quantity.count(value) }

  private static func connects(_ counted: CountedConnects) -> String {
    let name = UntrustedText.printable(counted.process.command, unicode: false)
    let who =
      counted.processes > 1
      ? "\(count(counted.processes)) processes called \(name)"
      : ProcessWords.name(counted.process, unicode: false)
    let refused =
      counted.withoutPort > 0
      ? "; \(count(counted.withoutPort)) of all found no local port" : ""
    return "counted by the kernel: \(counted.isWhole ? "" : "at least ")\(count(counted.connects))"
      + " of \(Quantity.count(counted.all, "connect")) in \(Quantity.duration(counted.seconds))"
      + " came from \(who)\(refused)"
  }

  private static func leftQueue(
    _ left: Int, _ seconds: Double, _ served: ClosedRange<Int>?
  ) -> String {
    let beside =
      served.map { range in
        let number =
          range.count == 1
          ? count(range.upperBound) : "\(count(range.lowerBound)) to \(count(range.upperBound))"
        return "; \(number) accepted and open meanwhile"
      } ?? ""
    let rate =
      left == 0 || seconds <= 0 ? "" : " (\(Quantity.rate(Double(left) / seconds)) or more)"
    return (left == 0 ? "none" : "at least \(count(left))")
      + " left the queue in \(Quantity.duration(seconds))\(rate)" + beside
  }

  private static func turnedAway(_ increase: Int, _ seconds: Double, _ isAlone: Bool) -> String {
    let time = Quantity.duration(seconds)
    return isAlone
      ? "\(Quantity.count(increase, "attempt")) turned away by this queue in \(time) "
        + "(ListenOverflows; clients retry)"
      : "ListenOverflows rose by \(count(increase)) in \(time): of all listeners in this network "
        + "namespace, not of this one alone"
  }

  /// What the descriptors are. That something else leaks is said where most of them are no sockets.
  private static func descriptors(_ use: DescriptorContents) -> String {
    var parts = use.places.map { place in
      "\(count(place.sockets)) \(place.state.name)"
        + (place.localPort.map { " on local port \($0)" } ?? "")
        + (place.remote.map { " to \($0)" } ?? "")
    }
    let others = use.sockets - use.places.reduce(0) { $0 + $1.sockets }
    if others > 0 { parts.append(Quantity.count(others, "other TCP socket")) }
    if use.dead > 0 { parts.append(Quantity.count(use.dead, "dead socket")) }
    if use.rest > 0 {
      let isMost = 2 * use.rest > use.open
      parts.append(
        "\(count(use.rest)) files, pipes and others"
          + (isMost ? ": if something leaks, it is mostly not TCP sockets" : ""))
    }
    return "of \(count(use.open)) open: " + parts.joined(separator: ", ")
  }

  private static func turnover(_ entered: Int, _ left: Int, _ dwell: Double?) -> String {
    let pace = dwell.map { ", half of those within \(Quantity.duration($0))" } ?? ""
    return "while watched \(count(entered)) came and \(left == 0 ? "none" : count(left)) left"
      + (left == 0 ? "" : pace)
  }

  private static func receiveQueue(
    _ zero: Int, _ finOnly: Int, _ data: Int, _ largest: Int
  ) -> String {
    var parts: [String] = []
    if zero > 0 { parts.append("0 on \(count(zero)) (end of stream taken)") }
    if finOnly > 0 { parts.append("1 on \(count(finOnly)) (end of stream unread)") }
    if data > 0 {
      let most = largest > 0 ? ", up to \(Quantity.bytes(largest))" : ""
      parts.append("above 1 on \(count(data)) (data unread\(most))")
    }
    return "Recv-Q " + (parts.isEmpty ? "not known" : parts.joined(separator: ", "))
  }
}
