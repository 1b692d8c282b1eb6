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
    case .setting(let name, let value): "\(name) = \(value)"
    case .retransmits(let median, let most):
      "sent again without an answer: \(count(median)) times (median), up to \(count(most))"
    case .turnedDead(let count):
      "\(Quantity.count(count, "connection")) died while the descriptor stayed open"
    case .closeNotifySized(let bytes):
      "each has \(bytes) bytes unread: a TLS close_notify and the FIN"
    case .portsInUse(let used, let capacity, let source, let destination):
      "\(count(used)) of \(count(capacity)) local ports in use from \(source) to \(destination)"
    case .openedMeanwhile(let count):
      "\(Quantity.count(count, "connection")) opened to the same place meanwhile"
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
      parts.append("above 1 on \(count(data)) (data unread, up to \(Quantity.bytes(largest)))")
    }
    return "Recv-Q " + (parts.isEmpty ? "not known" : parts.joined(separator: ", "))
  }
}
