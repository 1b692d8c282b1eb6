// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The list of the sockets of one owner.
struct SocketRows {
  private let state: TopState
  private let picture: TopPicture
  let grid: ScreenGrid<SocketColumn>

  init(_ state: TopState, _ picture: TopPicture, columns: Int) {
    self.state = state
    self.picture = picture
    var cells: [ScreenGrid<SocketColumn>.Cell] = [.init(.state, width: 10)]
    if columns >= 50 { cells.append(.init(.receiveQueue, width: 7, side: .right)) }
    if columns >= 110 { cells.append(.init(.sendQueue, width: 7, side: .right)) }
    if columns >= 60 { cells.append(.init(.local, width: 9, grows: 2, most: 47)) }
    cells.append(.init(.remote, width: 9, grows: 2, most: 47))
    cells.append(.init(.age, width: 8, side: .right))
    if columns >= 72 { cells.append(.init(.pid, width: 7, side: .right)) }
    if columns >= 86 { cells.append(.init(.fd, width: 6, side: .right)) }
    if columns >= 100 { cells.append(.init(.program, width: 15, grows: 1, most: 34)) }
    grid = ScreenGrid(cells, columns: columns, unicode: state.unicode)
  }

  /// The titles, and the lines of a part of the list.
  func lines(_ range: Range<Int>) -> [ScreenLine] {
    var lines = [grid.titles(state.socketSort)]
    for place in range {
      let socket = picture.sockets[Int(state.socketOrder[place])]
      var line = grid.line(isChosen: place == state.socketCursor.position) { column, _ in
        cell(column, socket)
      }
      line.isReverse = place == state.socketCursor.position
      lines.append(line)
    }
    if state.socketOrder.isEmpty { lines.append(ScreenLine(nothing, .faint)) }
    return lines
  }

  private var nothing: String {
    state.socketFilter.isEmpty
      ? "  It has no sockets any more." : "  No socket matches; Esc shows all."
  }

  private func cell(
    _ column: SocketColumn, _ socket: TopSocket
  ) -> (String, ScreenLine.Look) {
    let row = picture.row(socket)
    switch column {
    case .state:
      let look: ScreenLine.Look = socket.wait == .stuck ? .warn : .plain
      guard let row else { return ("DEAD", look) }
      return (row.state == .established ? "ESTAB" : row.state.name, look)
    case .receiveQueue: return (row.map { OwnerWords.short(Int($0.receiveQueue)) } ?? "-", .plain)
    case .sendQueue: return (row.map { OwnerWords.short(Int($0.sendQueue)) } ?? "-", .plain)
    case .local: return (place(socket, row) { $0.local }, .plain)
    case .remote: return (place(socket, row) { $0.remote }, .plain)
    case .age: return (AgeText.short(socket.age, unicode: state.unicode), .plain)
    case .pid: return (picture.process(socket).map { String($0.id.pid) } ?? "-", .plain)
    case .fd: return (socket.fd < 0 ? "-" : String(socket.fd), .plain)
    case .program: return (program(socket), .plain)
    }
  }

  /// A dead socket has lost its addresses, but for its ports when it was seen alive.
  private func place(
    _ socket: TopSocket, _ row: SocketRow?, _ end: (SocketRow) -> Endpoint
  ) -> String {
    guard let row else {
      return picture.deadSocket(socket).map { "socket:[\($0.inode)]" } ?? "-"
    }
    var bytes: [UInt8] = []
    bytes.append(end(row))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func program(_ socket: TopSocket) -> String {
    guard let process = picture.process(socket) else {
      return picture.row(socket)?.inode ?? 0 != 0 ? "holder not seen" : "-"
    }
    let name = UntrustedText.printable(process.command, unicode: state.unicode)
    switch socket.relation {
    case .holder, .nobody: return name
    case .listener: return name + " (unaccepted)"
    case .opener: return name + " (let go)"
    }
  }
}

/// Ages on the screen.
enum AgeText {
  /// `12 min`, `≥12 min` or `>12 min`, `-`.
  static func short(_ age: Age, unicode: Bool) -> String {
    let text = Quantity.shortAge(age)
    return unicode && text.hasPrefix(">") ? "≥" + text.dropFirst() : text
  }
}
