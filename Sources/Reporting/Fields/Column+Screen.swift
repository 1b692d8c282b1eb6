// SPDX-License-Identifier: Apache-2.0

extension Column {
  /// How a list of `top` shows a column, orders by it, and explains it.
  struct Screen: Sendable {
    /// How much room it takes on a screen of at least ``from`` columns.
    struct Place: Sendable {
      var from = 0
      var width: Int
      var side = ScreenLine.Side.left
      /// Its part of the columns that are left over; 0: it stays as it is.
      var grows = 0
      /// Never wider than this.
      var most = 60
    }

    /// Of all columns of a list, no other has it.
    var title: String
    /// The help; nil: the title says it. `patience` is in words.
    var help: (@Sendable (_ patience: String, _ unicode: Bool) -> String)?
    /// The one for the widest screen first. Where none fits, the column is left out.
    var places: [Place]
    /// What a row is ordered by; nil: the list has an order of its own, by name.
    var order: (@Sendable (Row) -> SortKey)?
    /// The cell within some columns.
    var text: @Sendable (Row, _ width: Int) -> (String, Emphasis)
  }

  /// A column of lists of `top` alone.
  init(
    screen title: String, _ places: Screen.Place...,
    help: (@Sendable (_ patience: String, _ unicode: Bool) -> String)? = nil,
    order: (@Sendable (Row) -> SortKey)? = nil,
    text: @escaping @Sendable (Row, _ width: Int) -> (String, Emphasis)
  ) {
    self.init(
      screen: Screen(title: title, help: help, places: places, order: order, text: text))
  }
}

/// What a row is ordered by, the smallest first: numbers, because there can be very many rows.
struct SortKey: Comparable, Sendable {
  var first: UInt64
  var second: UInt64 = 0
  var third: UInt32 = 0

  init(_ first: UInt64, _ second: UInt64 = 0, _ third: UInt32 = 0) {
    self.first = first
    self.second = second
    self.third = third
  }

  /// The largest number comes first.
  init(largestFirst number: Double) {
    // Adding 0 makes one zero of the two.
    let bits = (number + 0).bitPattern
    let rising = bits >> 63 == 1 ? ~bits : bits | 1 << 63
    self.init(.max - rising)
  }

  static func < (a: SortKey, b: SortKey) -> Bool {
    if a.first != b.first { return a.first < b.first }
    if a.second != b.second { return a.second < b.second }
    return a.third < b.third
  }
}

/// How a list is ordered.
struct ColumnSort: Equatable, Sendable {
  /// The column, by its title.
  var column: String
  /// The other way round than what a column shows first: the largest number, or the letter A.
  var isReversed = false

  init(_ column: String) { self.column = column }

  /// Goes to the column that many further on, round and round, of those that are shown.
  mutating func cycle(_ steps: Int, among shown: [String]) {
    isReversed = false
    guard let first = shown.first else { return }
    guard let place = shown.firstIndex(of: column) else {
      column = first
      return
    }
    column = shown[(place + steps + shown.count) % shown.count]
  }
}
