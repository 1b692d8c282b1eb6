// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Finds the listener that a connection waits for or came through.
///
/// The kernel's own preference (`compute_score()` in inet_hashtables.c): the exact address before
/// the IPv4 wildcard before the IPv6 wildcard. Listeners that share address and port
/// (SO_REUSEPORT) cannot be told apart from outside: all of them are returned.
struct ListenerIndex: Sendable {
  private struct Place: Hashable {
    var namespace: NetnsID
    var port: UInt16
  }

  private var listeners: [Place: [SocketRow]] = [:]

  init(_ rows: some Sequence<SocketRow>) {
    for row in rows where row.state == .listen {
      listeners[Place(namespace: row.namespace, port: row.localPort), default: []].append(row)
    }
  }

  /// The listeners that `row` can belong to, all with one address; empty when none is known.
  func candidates(for row: SocketRow) -> [SocketRow] {
    let place = Place(namespace: row.namespace, port: row.localPort)
    guard let here = listeners[place] else { return [] }
    var best: [SocketRow] = []
    var bestScore = 0
    for listener in here {
      let score = Self.score(listener, for: row)
      if score > bestScore {
        best = [listener]
        bestScore = score
      } else if score > 0, score == bestScore {
        best.append(listener)
      }
    }
    return best
  }

  private static func score(_ listener: SocketRow, for row: SocketRow) -> Int {
    if listener.localAddress == row.localAddress { return 3 }
    if listener.localAddress == .anyIPv4, row.localAddress.isIPv4 { return 2 }
    return listener.localAddress == .anyIPv6 ? 1 : 0
  }
}
