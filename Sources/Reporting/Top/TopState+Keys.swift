// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What the keys do.
extension TopState {
  /// Seconds between two looks that the keys go through.
  static let paces: [Double] = [0.5, 1, 2, 5, 10, 30, 60]

  /// Takes in a key.
  package mutating func press(_ key: ScreenKey) -> Action {
    if filterBefore != nil {
      type(key)
      return .none
    }
    if showsHelp || verdict != nil { return pressInText(key) }
    switch key {
    case .character("q"), .character("Q"): return .quit
    case .control("l"): return .redraw
    case .character("h"), .character("?"):
      showsHelp = true
      scroll = 0
    case .character("v"), .character("V"): return openVerdict()
    case .character("p"), .character(" "): togglePause()
    case .character("+"), .character("="): return changePace(1)
    case .character("-"): return changePace(-1)
    case .character("/"): beginFilter()
    case .character("s"), .character(">"), .tab: cycleSort(1)
    case .character("<"), .character("S"), .backTab: cycleSort(-1)
    case .character("r"), .character("R"): reverseSort()
    case .enter, .right: goIn()
    case .left, .backspace: goBack()
    case .escape: escape()
    default: move(key)
    }
    return .none
  }

  private mutating func pressInText(_ key: ScreenKey) -> Action {
    switch key {
    case .up, .down, .pageUp, .pageDown, .home, .end, .character("j"), .character("k"): move(key)
    case .control("l"): return .redraw
    default:
      showsHelp = false
      verdict = nil
      scroll = 0
    }
    return .none
  }

  private mutating func togglePause() {
    isPaused.toggle()
    if !isPaused, let newest { show(newest) }
  }

  private mutating func changePace(_ steps: Int) -> Action {
    let nearest = Self.paces.lastIndex { $0 <= intervalSeconds } ?? 0
    // From a pace of one's own, the first step goes to the next of these.
    let isBetween = Self.paces[nearest] < intervalSeconds && steps < 0
    let place = isBetween ? nearest : nearest + steps
    intervalSeconds = Self.paces[max(0, min(Self.paces.count - 1, place))]
    return .pace(seconds: intervalSeconds)
  }

  private mutating func cycleSort(_ steps: Int) {
    switch page {
    case .owners: ownerSort.cycle(steps, among: ownerColumns)
    case .sockets: socketSort.cycle(steps, among: socketColumns)
    case .socket: return
    }
    arrange()
  }

  private mutating func reverseSort() {
    switch page {
    case .owners: ownerSort.isReversed.toggle()
    case .sockets: socketSort.isReversed.toggle()
    case .socket: return
    }
    arrange()
  }

  // MARK: In and out

  private mutating func goIn() {
    guard let picture else { return }
    switch page {
    case .owners:
      guard let owner = chosenOwner?.owner else { return }
      page = .sockets(owner)
      socketCursor = ListCursor()
      socketFilter = TopFilter("")
      arrange()
    case .sockets(let owner):
      guard let socket = chosenSocket else { return }
      let id = picture.id(socket)
      socketCursor.choose(id, at: socketCursor.position)
      page = .socket(owner, id)
      scroll = 0
      shownSocket = SocketDetail(of: id, in: picture)
    case .socket: return
    }
  }

  private mutating func goBack() {
    switch page {
    case .owners: return
    case .sockets(let owner):
      page = .owners
      if let picture,
        let position = ownerOrder.firstIndex(where: { picture.owners[$0].owner == owner })
      {
        ownerCursor.choose(owner, at: position)
      }
    case .socket(let owner, _):
      page = .sockets(owner)
      shownSocket = nil
    }
    arrange()
  }

  /// Takes back the newest thing that narrows the view.
  private mutating func escape() {
    switch page {
    case .owners where !ownerFilter.isEmpty:
      ownerFilter = TopFilter("")
      arrange()
    case .sockets where !socketFilter.isEmpty:
      socketFilter = TopFilter("")
      arrange()
    default: goBack()
    }
  }

  // MARK: Moving

  private mutating func move(_ key: ScreenKey) {
    if showsHelp || verdict != nil {
      scrollText(key)
      return
    }
    switch page {
    case .owners:
      guard let picture else { return }
      let order = ownerOrder
      Self.move(&ownerCursor, key, count: order.count) { picture.owners[order[$0]].owner }
    case .sockets:
      guard let picture else { return }
      let order = socketOrder
      Self.move(&socketCursor, key, count: order.count) {
        picture.id(picture.sockets[Int(order[$0])])
      }
    case .socket: scrollText(key)
    }
  }

  private static func move<ID>(
    _ cursor: inout ListCursor<ID>, _ key: ScreenKey, count: Int, id: (Int) -> ID
  ) {
    switch key {
    case .up, .character("k"), .control("p"): cursor.move(by: -1, count: count, id: id)
    case .down, .character("j"), .control("n"): cursor.move(by: 1, count: count, id: id)
    case .pageUp, .control("b"): cursor.move(by: -cursor.visible, count: count, id: id)
    case .pageDown, .control("f"): cursor.move(by: cursor.visible, count: count, id: id)
    case .home, .character("g"): cursor.moveHome()
    case .end, .character("G"): cursor.move(by: count, count: count, id: id)
    default: break
    }
  }

  private mutating func scrollText(_ key: ScreenKey) {
    let page = max(1, scrollable.shown - 1)
    switch key {
    case .up, .character("k"): scroll -= 1
    case .down, .character("j"): scroll += 1
    case .pageUp: scroll -= page
    case .pageDown: scroll += page
    case .home, .character("g"): scroll = 0
    case .end, .character("G"): scroll = scrollable.lines
    default: return
    }
    scroll = max(0, min(scroll, scrollable.lines - scrollable.shown))
  }

  // MARK: The filter

  private mutating func beginFilter() {
    switch page {
    case .owners: filterBefore = ownerFilter
    case .sockets: filterBefore = socketFilter
    case .socket: return
    }
  }

  /// A key while the filter is typed: the list follows each of them.
  private mutating func type(_ key: ScreenKey) {
    var text = filter.text
    switch key {
    case .enter:
      filterBefore = nil
      return
    case .escape:
      filterBefore = nil
      text = ""
    case .backspace where text.isEmpty:
      filterBefore = nil
    case .backspace: text.removeLast()
    case .control("u"): text = ""
    case .control("w"):
      while text.last == " " { text.removeLast() }
      while let last = text.last, last != " " { text.removeLast() }
    case .character(let character) where text.count < 64:
      let isShown = !character.unicodeScalars.contains { UntrustedText.isUnsafe($0) }
      if isShown { text.append(character) }
    case .up, .down, .pageUp, .pageDown:
      move(key)
      return
    default: return
    }
    filter = TopFilter(text)
    arrange()
  }

  /// Of the list that is shown.
  var filter: TopFilter {
    get {
      if case .owners = page { return ownerFilter }
      return socketFilter
    }
    set {
      if case .owners = page { ownerFilter = newValue } else { socketFilter = newValue }
    }
  }
}
