// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Which lines of a picture are shown, and in which order.
enum TopOrder {
  /// Positions in the picture's owners.
  static func owners(in picture: TopPicture, by sort: ColumnSort, filter: TopFilter) -> [Int] {
    let order = order(by: sort, of: TopOwnerColumns.all)
    var places: [(key: SortKey?, position: Int)] = []
    for (position, owner) in picture.owners.enumerated() {
      guard filter.isEmpty || filter.admits(OwnerWords.searched(owner, in: picture)) else {
        continue
      }
      places.append((order?(TopOwnerLine(owner, in: picture, unicode: false)), position))
    }
    places.sort { a, b in
      let (first, second) = (picture.owners[a.position], picture.owners[b.position])
      guard let key = a.key, let other = b.key else { return first.owner < second.owner }
      return key == other ? isWorse(first, second) : key < other
    }
    if sort.isReversed { places.reverse() }
    return places.map(\.position)
  }

  /// What is equal in the column stands as in that of the stuck ones.
  private static func isWorse(_ a: TopOwner, _ b: TopOwner) -> Bool {
    if a.stuck != b.stuck { return a.stuck > b.stuck }
    if a.waiting != b.waiting { return a.waiting > b.waiting }
    if a.total != b.total { return a.total > b.total }
    return a.owner < b.owner
  }

  /// Positions in the picture's sockets, of those of one owner.
  static func sockets(
    of owner: Int, in picture: TopPicture, by sort: ColumnSort, filter: TopFilter
  ) -> [Int32] {
    guard let first = picture.sockets.first, let key = order(by: sort, of: TopSocketColumns.all)
    else { return [] }
    var line = TopSocketLine(first, in: picture, programs: ProgramNames(picture))
    var keys: [(key: SortKey, position: Int32)] = []
    keys.reserveCapacity(picture.owners[owner].total)
    var text: [UInt8] = []
    for (position, socket) in picture.sockets.enumerated() where socket.owner == Int32(owner) {
      line.move(to: socket)
      if !filter.isEmpty {
        line.programs.write(line, to: &text)
        guard filter.admits(text) else { continue }
      }
      keys.append((key(line), Int32(position)))
    }
    keys.sort { $0 < $1 }
    if sort.isReversed { keys.reverse() }
    return keys.map(\.position)
  }

  private static func order<Row>(
    by sort: ColumnSort, of columns: [Column<Row>]
  ) -> (@Sendable (Row) -> SortKey)? {
    columns.lazy.compactMap(\.screen).first { $0.title == sort.column }?.order
  }
}
