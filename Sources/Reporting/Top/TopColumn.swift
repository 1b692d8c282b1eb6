// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A column of a list that it can be sorted by.
protocol TopColumn: CaseIterable, Equatable, Sendable where AllCases == [Self] {
  /// At the head of the column.
  var title: String { get }
}

/// The columns of the list of owners.
enum OwnerColumn: TopColumn {
  case owner, pids, waiting, stuck, growth, oldest, descriptors, sockets, finding

  var title: String {
    switch self {
    case .owner: "OWNER"
    case .pids: "PIDS"
    case .waiting: "WAITING"
    case .stuck: "STUCK"
    case .growth: "/MIN"
    case .oldest: "OLDEST"
    case .descriptors: "FDS"
    case .sockets: "SOCKETS"
    case .finding: "FINDING"
    }
  }
}

/// The columns of the list of sockets.
enum SocketColumn: TopColumn {
  case state, receiveQueue, sendQueue, local, remote, age, pid, fd, program

  var title: String {
    switch self {
    case .state: "STATE"
    case .receiveQueue: "RECV-Q"
    case .sendQueue: "SEND-Q"
    case .local: "LOCAL"
    case .remote: "REMOTE"
    case .age: "AGE"
    case .pid: "PID"
    case .fd: "FD"
    case .program: "PROGRAM"
    }
  }
}

/// How a list is ordered.
struct TopSort<Column: TopColumn>: Equatable, Sendable {
  var column: Column
  /// The other way round than what a column shows first: the largest number, or the letter A.
  var isReversed = false

  init(_ column: Column) { self.column = column }

  /// Goes to the column that many further on, round and round, of those that are shown.
  mutating func cycle(_ steps: Int, among shown: [Column]) {
    isReversed = false
    guard let first = shown.first else { return }
    guard let place = shown.firstIndex(of: column) else {
      column = first
      return
    }
    column = shown[(place + steps + shown.count) % shown.count]
  }
}
