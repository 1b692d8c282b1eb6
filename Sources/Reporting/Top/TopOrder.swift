// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Which lines of a picture are shown, and in which order.
enum TopOrder {
  // MARK: Owners

  /// Positions in the picture's owners.
  static func owners(
    in picture: TopPicture, by sort: TopSort<OwnerColumn>, filter: TopFilter
  ) -> [Int] {
    var order = picture.owners.indices.filter { position in
      filter.isEmpty || filter.admits(OwnerWords.searched(picture.owners[position], in: picture))
    }
    order.sort { isBefore(picture.owners[$0], picture.owners[$1], by: sort.column, picture) }
    if sort.isReversed { order.reverse() }
    return order
  }

  /// By the column, and what is equal there as in the column of the stuck ones.
  private static func isBefore(
    _ a: TopOwner, _ b: TopOwner, by column: OwnerColumn, _ picture: TopPicture
  ) -> Bool {
    if column != .owner {
      let (first, second) = (number(a, column, picture), number(b, column, picture))
      if first != second { return first > second }
      if a.stuck != b.stuck { return a.stuck > b.stuck }
      if a.waiting != b.waiting { return a.waiting > b.waiting }
      if a.total != b.total { return a.total > b.total }
    }
    return a.owner < b.owner
  }

  private static func number(
    _ owner: TopOwner, _ column: OwnerColumn, _ picture: TopPicture
  ) -> Double {
    switch column {
    case .owner: 0
    case .pids: Double(owner.processes)
    case .waiting: Double(owner.waiting)
    case .stuck: Double(owner.stuck)
    case .growth: owner.growth?.perMinute ?? -.infinity
    case .oldest: owner.oldest?.seconds ?? -1
    case .descriptors: owner.descriptorShare
    case .sockets: Double(owner.total)
    case .finding: owner.finding.map { -Double($0) } ?? -.infinity
    }
  }

  // MARK: Sockets

  /// What a socket is sorted by, the smallest first: numbers, because there can be very many.
  private struct Key {
    var first: UInt64
    var second: UInt64 = 0
    var third: UInt32 = 0
    var position: Int32 = 0

    static func isBefore(_ a: Key, _ b: Key) -> Bool {
      if a.first != b.first { return a.first < b.first }
      if a.second != b.second { return a.second < b.second }
      if a.third != b.third { return a.third < b.third }
      return a.position < b.position
    }
  }

  /// Positions in the picture's sockets, of those of one owner.
  static func sockets(
    of owner: Int, in picture: TopPicture, by sort: TopSort<SocketColumn>, filter: TopFilter
  ) -> [Int32] {
    var names = ProgramNames(picture)
    var keys: [Key] = []
    keys.reserveCapacity(picture.owners[owner].total)
    var line: [UInt8] = []
    for (position, socket) in picture.sockets.enumerated() where socket.owner == Int32(owner) {
      if !filter.isEmpty {
        names.write(socket, in: picture, to: &line)
        guard filter.admits(line) else { continue }
      }
      var key = Self.key(socket, sort.column, picture, &names)
      key.position = Int32(position)
      keys.append(key)
    }
    keys.sort(by: Key.isBefore)
    if sort.isReversed { keys.reverse() }
    return keys.map(\.position)
  }

  private static func key(
    _ socket: TopSocket, _ column: SocketColumn, _ picture: TopPicture,
    _ names: inout ProgramNames
  ) -> Key {
    let row = picture.row(socket)
    switch column {
    case .state:
      let rank = SocketListing.rank(row?.state ?? .close)
      let wait = UInt64(Waiting.stuck.rawValue - socket.wait.rawValue)
      return Key(first: wait << 8 | UInt64(rank), second: oldestFirst(socket.age))
    case .receiveQueue: return Key(first: .max - UInt64(row?.receiveQueue ?? 0))
    case .sendQueue: return Key(first: .max - UInt64(row?.sendQueue ?? 0))
    case .local: return key(row?.local)
    case .remote: return key(row?.remote)
    case .age: return Key(first: oldestFirst(socket.age))
    case .pid: return Key(first: UInt64(bitPattern: Int64(names.pid(socket.process))))
    case .fd: return Key(first: socket.fd < 0 ? .max : UInt64(socket.fd))
    case .program:
      return Key(
        first: names.rank(socket.process), second: UInt64(max(0, names.pid(socket.process))))
    }
  }

  private static func key(_ endpoint: Endpoint?) -> Key {
    guard let endpoint else { return Key(first: .max) }
    return Key(
      first: endpoint.address.high, second: endpoint.address.low, third: UInt32(endpoint.port))
  }

  /// What has no known age comes last.
  private static func oldestFirst(_ age: Age) -> UInt64 {
    age.bound == .unknown ? .max : .max - 1 - UInt64(max(0, age.seconds) * 1000)
  }
}

/// The programs of a picture's sockets: their names in order, and as they are searched.
private struct ProgramNames {
  private var ranks: [Int32: UInt64] = [:]
  private var pids: [Int32: Int32] = [:]
  private var searched: [Int32: [UInt8]] = [:]

  init(_ picture: TopPicture) {
    var names: [(name: String, index: Int32)] = []
    for (index, record) in picture.census.processes.indexed {
      names.append((record.command, index))
      pids[index] = record.id.pid
      let text = " \(record.command) \(record.id.pid) ".lowercased()
      searched[index] = Array(text.utf8)
    }
    names.sort { ($0.name, $0.index) < ($1.name, $1.index) }
    var last: (name: String, rank: UInt64) = ("", 0)
    for (place, entry) in names.enumerated() {
      if entry.name != last.name { last = (entry.name, UInt64(place + 1)) }
      ranks[entry.index] = last.rank
    }
  }

  /// -1, the largest of all when its bits are compared, when it is not known.
  func pid(_ process: Int32) -> Int32 { pids[process] ?? -1 }
  func rank(_ process: Int32) -> UInt64 { ranks[process] ?? .max }

  /// What a filter looks at: the cells of the line, whole.
  func write(_ socket: TopSocket, in picture: TopPicture, to line: inout [UInt8]) {
    line.removeAll(keepingCapacity: true)
    line.append(contentsOf: searched[socket.process] ?? [])
    guard let row = picture.row(socket) else {
      line.append("dead close")
      return
    }
    line.append(Self.states[Int(min(row.state.rawValue, 15))])
    line.append(UInt8(ascii: " "))
    line.append(row.local)
    line.append(UInt8(ascii: " "))
    line.append(row.remote)
  }

  private static let states = (0..<16).map { TCPState(rawValue: $0).name.lowercased() }
}
