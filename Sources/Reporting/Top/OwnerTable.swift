// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The list of owners.
struct OwnerTable {
  private let state: TopState
  private let picture: TopPicture
  let grid: ScreenGrid<OwnerColumn>
  private let barColumns: Int
  private let hasLongFinding: Bool

  init(_ state: TopState, _ picture: TopPicture, columns: Int) {
    self.state = state
    self.picture = picture
    barColumns = columns >= 120 ? 8 : columns >= 104 ? 4 : 0
    hasLongFinding = columns >= 108
    var cells: [ScreenGrid<OwnerColumn>.Cell] = [
      .init(.owner, width: 12, grows: 2)
    ]
    if columns >= 60 { cells.append(.init(.pids, width: 7, side: .right)) }
    if columns >= 88 { cells.append(.init(.waiting, width: 8, side: .right)) }
    cells.append(.init(.stuck, width: 6, side: .right))
    if columns >= 50 { cells.append(.init(.growth, width: 8, side: .right)) }
    cells.append(.init(.oldest, width: 8, side: .right))
    if columns >= 70 {
      let bar = barColumns > 0 ? barColumns + 1 : 0
      cells.append(.init(.descriptors, width: 11 + bar, side: .right))
    }
    if columns >= 80 { cells.append(.init(.sockets, width: 8, side: .right)) }
    cells.append(
      .init(
        .finding, width: hasLongFinding ? 22 : 8, grows: hasLongFinding ? 1 : 0, most: 40))
    grid = ScreenGrid(cells, columns: columns, unicode: state.unicode)
  }

  /// The titles, and the lines of a part of the list.
  func lines(_ range: Range<Int>) -> [ScreenLine] {
    let sort = state.ownerSort
    var lines = [grid.titles(sort)]
    for place in range {
      let owner = picture.owners[state.ownerOrder[place]]
      var line = grid.line(isChosen: place == state.ownerCursor.position) { column, width in
        cell(column, owner, width)
      }
      line.isReverse = place == state.ownerCursor.position
      lines.append(line)
    }
    if state.ownerOrder.isEmpty {
      let words =
        state.ownerFilter.isEmpty
        ? "  No process holds a TCP socket." : "  No owner matches; Esc shows all."
      lines.append(ScreenLine(words, .faint))
    }
    return lines
  }

  private func cell(
    _ column: OwnerColumn, _ owner: TopOwner, _ width: Int
  ) -> (String, ScreenLine.Look) {
    let finding = owner.finding.map { picture.findings[$0] }
    switch column {
    case .owner:
      let name = OwnerWords.name(owner, columns: width, unicode: state.unicode)
      return (name, owner.stuck > 0 ? .strong : .plain)
    case .pids: return (OwnerWords.pids(owner), .plain)
    case .waiting: return Self.count(owner.waiting, .plain)
    case .stuck: return Self.count(owner.stuck, .warn)
    case .growth:
      let growth = owner.growth.flatMap { owner.waiting == 0 && $0.perMinute == 0 ? nil : $0 }
      let look: ScreenLine.Look = growth?.trend == .up ? .warn : .plain
      return (OwnerWords.growth(growth, unicode: state.unicode), look)
    case .oldest:
      return (AgeText.short(owner.oldest ?? .unknown, unicode: state.unicode), .plain)
    case .descriptors: return descriptors(owner)
    case .sockets: return (OwnerWords.short(owner.total), .plain)
    case .finding:
      return (
        OwnerWords.finding(finding, isLong: hasLongFinding), OwnerWords.look(finding)
      )
    }
  }

  private func descriptors(_ owner: TopOwner) -> (String, ScreenLine.Look) {
    let share = owner.descriptorShare
    var text = OwnerWords.descriptors(owner)
    if barColumns > 0 {
      text += " " + OwnerWords.bar(share, columns: barColumns, unicode: state.unicode)
    }
    return (text, share >= 0.9 ? .bad : share >= 0.5 ? .warn : .plain)
  }

  private static func count(_ value: Int, _ look: ScreenLine.Look) -> (String, ScreenLine.Look) {
    value == 0 ? ("-", .faint) : (OwnerWords.short(value), look)
  }
}
