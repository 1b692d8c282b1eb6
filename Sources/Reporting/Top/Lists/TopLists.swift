// SPDX-License-Identifier: Apache-2.0

/// A part of one of the lists, under its titles.
enum TopLists {
  static func owners(
    _ range: Range<Int>, of state: TopState, _ picture: TopPicture,
    in grid: ScreenGrid<TopOwnerLine>
  ) -> [ScreenLine] {
    guard !state.ownerOrder.isEmpty else {
      let words =
        state.ownerFilter.isEmpty
        ? "  No process holds a TCP socket." : "  No owner matches; Esc shows all."
      return [grid.titles(state.ownerSort), ScreenLine(words, .faint)]
    }
    return [grid.titles(state.ownerSort)]
      + range.map { place in
        let owner = picture.owners[state.ownerOrder[place]]
        return grid.line(
          TopOwnerLine(owner, in: picture, unicode: state.unicode),
          isChosen: place == state.ownerCursor.position)
      }
  }

  static func sockets(
    _ range: Range<Int>, of state: TopState, _ picture: TopPicture,
    in grid: ScreenGrid<TopSocketLine>
  ) -> [ScreenLine] {
    guard !state.socketOrder.isEmpty else {
      let words =
        state.socketFilter.isEmpty
        ? "  It has no sockets any more." : "  No socket matches; Esc shows all."
      return [grid.titles(state.socketSort), ScreenLine(words, .faint)]
    }
    return [grid.titles(state.socketSort)]
      + range.map { place in
        let socket = picture.sockets[Int(state.socketOrder[place])]
        return grid.line(
          TopSocketLine(socket, in: picture, unicode: state.unicode),
          isChosen: place == state.socketCursor.position)
      }
  }
}
