// SPDX-License-Identifier: Apache-2.0

/// A sentence about the figures of a socket, and when one line of a table shows that it holds.
package struct FigureTell: Hashable, Sendable {
  enum Condition: Hashable, Sendable {
    /// One line does not show it.
    case hidden
    case always
    case receiveQueue(ClosedRange<UInt64>)
    case unsent
    case timer(Set<String>)
    /// At least so many processes.
    case holders(Int)
    /// More wait for accept() than the limit of the queue.
    case overLimit

    static func receiveQueue(_ range: PartialRangeFrom<UInt64>) -> Condition {
      .receiveQueue(range.lowerBound...UInt64.max)
    }
  }

  package var words: String
  var condition: Condition

  init(_ words: String, _ condition: Condition = .hidden) {
    self.words = words
    self.condition = condition
  }

  /// Whether the line shows it.
  func holds(of socket: PastedSocket) -> Bool {
    switch condition {
    case .hidden: false
    case .always: true
    case .receiveQueue(let range): socket.receiveQueue.map(range.contains) ?? false
    case .unsent: (socket.sendQueue ?? 0) > 0
    case .timer(let names): socket.timer.map(names.contains) ?? false
    case .holders(let fewest): socket.holders.count >= fewest
    case .overLimit:
      // /proc/net/tcp, and so netstat, has no limit.
      socket.tool == .ss && (socket.receiveQueue ?? 0) > (socket.sendQueue ?? 0)
    }
  }
}
