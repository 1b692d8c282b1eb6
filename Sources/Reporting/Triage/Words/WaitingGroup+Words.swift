// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

extension Waiting.Kind {
  var words: String {
    switch self {
    case .unaccepted: "in the accept queue, peer gone"
    case .closeWaitData: "in CLOSE_WAIT, data unread (Recv-Q > 1)"
    case .closeWaitUnread: "in CLOSE_WAIT, end of stream unread (Recv-Q 1)"
    case .closeWaitRead: "in CLOSE_WAIT, end of stream taken (Recv-Q 0)"
    case .halfClosed: "in FIN_WAIT2, half-closed by us"
    case .closing: "closing, not acknowledged"
    case .dead: "dead with the descriptor still open"
    }
  }
}

extension WaitingGroup {
  /// The unit, else the container, else the program: what on-call restarts.
  var ownerName: String {
    switch owner.kind {
    case .unit, .program, .unseen: owner.name
    case .container: owner.title
    case .kernel: "no holder found"
    }
  }

  /// `nginx.service: 12 sockets in CLOSE_WAIT, data unread (Recv-Q > 1), oldest 3 min, from ...`.
  func words(_ style: TextStyle) -> String {
    let name = UntrustedText.printable(ownerName, unicode: style.unicode)
    var text = "\(name): \(Quantity.count(sockets, "socket")) "
    // The kernel tells a socket that has died from one that was never connected as little.
    let isSureDead = kind != .dead || onceAlive == sockets
    text += isSureDead ? kind.words : "dead or never connected, with the descriptor still open"
    if let oldest, oldest.bound != .unknown { text += ", oldest \(Quantity.age(oldest))" }
    let top = peers.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }.prefix(2)
    if !top.isEmpty {
      text +=
        ", peers "
        + top.map { "\($0.key) (\(Quantity.count($0.value)))" }
        .joined(separator: ", ")
      if peers.count > 2 { text += " and \(Quantity.count(peers.count - 2)) more" }
    }
    return text
  }
}
