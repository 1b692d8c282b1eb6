// SPDX-License-Identifier: Apache-2.0

/// MPTCP sockets among the rows of TCP. What a program holds is an MPTCP socket; under it are TCP
/// sockets, its subflows, which the TCP table shows with its inode and without its state: where the
/// peer closes the connection, they stay ESTABLISHED, and only the MPTCP socket is in CLOSE_WAIT.
///
/// Measured on Linux 6.18. Source: `mptcp_diag_dump()` in net/mptcp/mptcp_diag.c.
package enum MPTCPRows {
  /// What an MPTCP socket can say that its subflows do not. LISTEN, ESTABLISHED and SYN_SENT are
  /// theirs too.
  package static let states = StateSet(.finWait1, .finWait2, .closeWait, .lastAck, .closing)

  /// What a row of the MPTCP table tells: who it is of, and its state.
  ///
  /// Its cookie is not its own: an accepted one has that of its listener, all with the same
  /// (`mptcp_sk_clone_init()` copies it). The timer is no keepalive, but what is left of
  /// `net.mptcp.close_timeout`. Its queues are memory: 0 means that nothing but, maybe, the end of
  /// the stream is unread.
  package static func known(of row: SocketRow) -> SocketRow {
    var known = row
    known.cookie = 0
    known.timer = .none
    known.timerMilliseconds = 0
    known.retransmits = 0
    (known.lastDataSentMilliseconds, known.lastDataReceivedMilliseconds) = (0, 0)
    known.lastAckReceivedMilliseconds = 0
    (known.bytesAcked, known.bytesReceived, known.segmentsOut) = (0, 0, 0)
    known.knowledge = row.knowledge.intersection([.cgroup, .shutdown]).union(.mptcp)
    return known
  }

  /// Makes one row of each connection among `rows[start...]`, which are all of one namespace: the
  /// MPTCP socket, and its subflows go. A subflow in the same state stands for it instead, as it
  /// tells more: the only one of a connection that has fallen back to TCP.
  ///
  /// A socket without an inode is known by its ends, which are those of its first subflow: closed,
  /// its subflows have the inode that it had.
  package static func merge(_ rows: inout [SocketRow], from start: Int) {
    var known = Connections()
    for row in rows[start...] where row.knowledge.contains(.mptcp) {
      known[row] = Connection(state: row.state)
    }
    if known.isEmpty { return }
    for row in rows[start...] where row.isSubflow && known[row]?.state == row.state {
      known[row]?.isStoodFor = true
    }
    var kept = start
    for index in start..<rows.count {
      let row = rows[index]
      let stays: Bool
      if row.knowledge.contains(.mptcp) {
        stays = known[row]?.isStoodFor == false
      } else if row.isSubflow, let connection = known[row] {
        stays = connection.state == row.state && !connection.isShown
        if stays { known[row]?.isShown = true }
      } else {
        stays = true
      }
      if !stays { continue }
      if kept != index { rows[kept] = row }
      kept += 1
    }
    rows.removeLast(rows.count - kept)
  }

  private struct Connection {
    var state: TCPState
    /// A subflow is in its state too.
    var isStoodFor = false
    /// That subflow has its place among the rows.
    var isShown = false
  }

  /// By the inode; those without one by their ends.
  private struct Connections {
    private struct Ends: Hashable {
      var local: Endpoint
      var remote: Endpoint
    }

    private var byInode: [UInt64: Connection] = [:]
    private var byEnds: [Ends: Connection] = [:]

    var isEmpty: Bool { byInode.isEmpty && byEnds.isEmpty }

    subscript(row: SocketRow) -> Connection? {
      get {
        if row.inode != 0, let found = byInode[row.inode] { return found }
        return byEnds.isEmpty ? nil : byEnds[Ends(local: row.local, remote: row.remote)]
      }
      set {
        if row.inode != 0, row.knowledge.contains(.mptcp) || byInode[row.inode] != nil {
          byInode[row.inode] = newValue
        } else {
          byEnds[Ends(local: row.local, remote: row.remote)] = newValue
        }
      }
    }
  }
}

extension SocketRow {
  /// Whether it can be what an MPTCP connection sends over.
  fileprivate var isSubflow: Bool {
    !knowledge.contains(.mptcp) && state != .listen && state != .timeWait
  }
}
