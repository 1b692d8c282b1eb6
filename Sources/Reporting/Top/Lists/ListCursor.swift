// SPDX-License-Identifier: Apache-2.0

/// The chosen line of a list, and which part of the list is shown.
///
/// It follows the item and not the line, once a person has moved it. Until then, and after Home, it
/// stays on the first line, whatever comes to stand there.
struct ListCursor<ID: Hashable & Sendable>: Sendable {
  /// nil: the first line.
  private(set) var chosen: ID?
  private(set) var position = 0
  private(set) var top = 0
  /// How many lines were shown last.
  private(set) var visible = 10

  init() {}

  /// Finds the chosen item again in a list that has changed. One that has gone leaves the cursor
  /// where it was.
  mutating func settle(count: Int, position find: (ID) -> Int?, id: (Int) -> ID) {
    guard let chosen, count > 0 else {
      position = 0
      top = 0
      return
    }
    if let found = find(chosen) {
      // The part that is shown moves along, so that the line stays where the eye is.
      top += found - position
      position = found
    } else {
      position = min(position, count - 1)
      self.chosen = id(position)
    }
    top = max(0, top)
  }

  mutating func move(by lines: Int, count: Int, id: (Int) -> ID) {
    guard count > 0 else { return }
    position = max(0, min(count - 1, position + lines))
    chosen = id(position)
  }

  mutating func moveHome() {
    chosen = nil
    position = 0
    top = 0
  }

  /// Chooses an item by name.
  mutating func choose(_ id: ID, at position: Int) {
    chosen = id
    self.position = position
  }

  /// Takes care that the cursor is among the lines shown, and that no line stays empty.
  ///
  /// - Returns: The lines to show.
  mutating func show(_ lines: Int, of count: Int) -> Range<Int> {
    visible = max(1, lines)
    top = min(top, max(0, count - visible))
    if position < top { top = position }
    if position >= top + visible { top = position - visible + 1 }
    return top..<min(count, top + visible)
  }
}
