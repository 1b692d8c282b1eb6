// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import KernelTables

/// What `closewatch top` shows and what its keys do, without a terminal: pictures and keys in,
/// frames out.
package struct TopState: Sendable {
  /// What a key asks of whoever takes the looks.
  package enum Action: Hashable, Sendable {
    case none, quit
    /// Look again so often from now on.
    case pace(seconds: Double)
    /// Draw everything again: something else has written on the terminal.
    case redraw
    /// Ask the daemon for the verdict on this target, which has seen more.
    case verdict(target: String)
  }

  /// Where the reader is.
  enum Page: Hashable, Sendable {
    case owners
    case sockets(Owner)
    case socket(Owner, TopSocket.ID)
  }

  /// Of the host, and of the place where it is shown.
  package struct Place: Hashable, Sendable {
    package var host = ""
    package var style = TextStyle()
    /// Seconds that the local time is ahead of UTC.
    package var utcOffsetSeconds = 0
    /// Whether closewatch runs as root: then it is no advice to do so.
    package var isRoot = false
    package init() {}
  }

  package let place: Place
  /// Seconds between the beginnings of two looks.
  package internal(set) var intervalSeconds: Double
  /// What is shown; it stands still during a pause.
  var picture: TopPicture?
  /// The newest one.
  var newest: TopPicture?
  /// Why the newest look failed.
  var failure: String?
  /// When the look began that is being taken.
  package var lookingSince: BootInstant?
  var page = Page.owners
  var isPaused = false
  var showsHelp = false
  /// The verdict that is read; nil: none is.
  var verdict: String?
  /// What that verdict was asked for; nil where only these looks know of it.
  var verdictTarget: String?
  /// How far the page of one socket, the verdict and the help are scrolled down.
  var scroll = 0
  /// The lines that the last page of text had, and how many of them were shown.
  var scrollable = (lines: 0, shown: 0)

  var ownerSort = ColumnSort("STUCK")
  /// The columns that there was room for.
  var ownerColumns = TopOwnerColumns.all.compactMap(\.screen?.title)
  var ownerFilter = TopFilter("")
  var ownerCursor = ListCursor<Owner>()
  var ownerOrder: [Int] = []
  var socketSort = ColumnSort("STATE")
  var socketColumns = TopSocketColumns.all.compactMap(\.screen?.title)
  var socketFilter = TopFilter("")
  var socketCursor = ListCursor<TopSocket.ID>()
  var socketOrder: [Int32] = []
  /// The socket that is looked at, as it was when it was last seen.
  var shownSocket: SocketDetail?
  /// The filter before it was typed at; nil while nobody types.
  var filterBefore: TopFilter?

  package init(place: Place, intervalSeconds: Double) {
    self.place = place
    self.intervalSeconds = intervalSeconds
  }

  var unicode: Bool { place.style.unicode }

  // MARK: Pictures

  /// Takes in a picture. During a pause it is kept for later.
  package mutating func take(_ picture: TopPicture) {
    newest = picture
    failure = nil
    guard !isPaused else { return }
    show(picture)
  }

  /// A look has failed; what is shown stays.
  package mutating func fail(_ words: String) { failure = words }

  mutating func show(_ picture: TopPicture) {
    self.picture = picture
    arrange()
    if case .socket(_, let id) = page {
      if let detail = SocketDetail(of: id, in: picture) {
        shownSocket = detail
      } else if shownSocket?.goneAt == nil {
        shownSocket?.goneAt = picture.sample.takenAt
      }
    }
  }

  /// Puts the lists in their order, and the cursors on what they were on.
  mutating func arrange() {
    guard let picture else { return }
    ownerOrder = TopOrder.owners(in: picture, by: ownerSort, filter: ownerFilter)
    let owners = ownerOrder
    ownerCursor.settle(
      count: owners.count,
      position: { owner in owners.firstIndex { picture.owners[$0].owner == owner } },
      id: { picture.owners[owners[$0]].owner })
    switch page {
    case .owners: socketOrder = []
    case .sockets(let owner), .socket(let owner, _): arrangeSockets(of: owner, in: picture)
    }
  }

  private mutating func arrangeSockets(of owner: Owner, in picture: TopPicture) {
    guard let position = picture.position(of: owner) else {
      socketOrder = []
      return
    }
    socketOrder = TopOrder.sockets(
      of: position, in: picture, by: socketSort, filter: socketFilter)
    let sockets = socketOrder
    socketCursor.settle(
      count: sockets.count,
      position: { id in sockets.firstIndex { picture.id(picture.sockets[Int($0)]) == id } },
      id: { picture.id(picture.sockets[Int(sockets[$0])]) })
  }

  // MARK: Where the cursor is

  /// The owner under the cursor.
  var chosenOwner: TopOwner? {
    guard let picture, ownerCursor.position < ownerOrder.count else { return nil }
    return picture.owners[ownerOrder[ownerCursor.position]]
  }

  /// The socket under the cursor.
  var chosenSocket: TopSocket? {
    guard let picture, socketCursor.position < socketOrder.count else { return nil }
    return picture.sockets[Int(socketOrder[socketCursor.position])]
  }
}
