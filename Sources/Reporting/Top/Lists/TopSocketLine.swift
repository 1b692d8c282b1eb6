// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One line of the list of sockets, with what its cells show and are ordered by. It is moved from
/// socket to socket: there can be hundreds of thousands.
struct TopSocketLine {
  let picture: TopPicture
  let programs: ProgramNames
  let unicode: Bool
  private(set) var socket: TopSocket
  /// nil: the socket is dead.
  private(set) var row: SocketRow?

  /// - Parameter programs: Of the picture, when lines are ordered or searched.
  init(
    _ socket: TopSocket, in picture: TopPicture, unicode: Bool = false,
    programs: ProgramNames = ProgramNames()
  ) {
    self.socket = socket
    self.picture = picture
    self.unicode = unicode
    self.programs = programs
    row = picture.row(socket)
  }

  mutating func move(to socket: TopSocket) {
    self.socket = socket
    row = picture.row(socket)
  }

  var process: ProcessRecord? { picture.process(socket) }
  var deadSocket: DeadSocket? { picture.deadSocket(socket) }
}

/// The programs of a picture's sockets: their names in order, and as they are searched.
struct ProgramNames {
  private var ranks: [Int32: UInt64] = [:]
  private var pids: [Int32: Int32] = [:]
  private var searched: [Int32: [UInt8]] = [:]

  init() {}

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
  func write(_ line: TopSocketLine, to text: inout [UInt8]) {
    text.removeAll(keepingCapacity: true)
    text.append(contentsOf: searched[line.socket.process] ?? [])
    guard let row = line.row else {
      text.append("dead close")
      return
    }
    text.append(Self.states[Int(min(row.state.rawValue, 15))])
    text.append(UInt8(ascii: " "))
    text.append(row.local)
    text.append(UInt8(ascii: " "))
    text.append(row.remote)
  }

  private static let states = (0..<16).map { TCPState(rawValue: $0).name.lowercased() }
}
