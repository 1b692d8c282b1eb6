// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

@Suite struct ListCursorTests {
  private func settled(
    _ cursor: ListCursor<String>, on list: [String]
  ) -> ListCursor<String> {
    var cursor = cursor
    cursor.settle(
      count: list.count, position: { list.firstIndex(of: $0) }, id: { list[$0] })
    return cursor
  }

  private func moved(
    _ cursor: ListCursor<String>, by lines: Int, on list: [String]
  ) -> ListCursor<String> {
    var cursor = cursor
    cursor.move(by: lines, count: list.count) { list[$0] }
    return cursor
  }

  @Test func `untouched, it stays on the first line`() {
    let cursor = settled(settled(ListCursor(), on: ["a", "b"]), on: ["z", "a", "b"])
    #expect(cursor.position == 0)
    #expect(cursor.chosen == nil)
  }

  @Test func `once moved, it follows the item`() {
    let cursor = moved(ListCursor(), by: 1, on: ["a", "b", "c"])
    #expect(settled(cursor, on: ["b", "c", "a"]).position == 0)
    #expect(settled(cursor, on: ["x", "y", "z", "b"]).position == 3)
  }

  @Test func `an item that has gone leaves it where it was`() {
    let cursor = settled(moved(ListCursor(), by: 2, on: ["a", "b", "c"]), on: ["a", "b"])
    #expect(cursor.position == 1)
    #expect(cursor.chosen == "b")
    #expect(settled(cursor, on: []).position == 0)
  }

  @Test func `it never leaves the list`() {
    let list = ["a", "b", "c"]
    #expect(moved(ListCursor(), by: 99, on: list).position == 2)
    #expect(moved(moved(ListCursor(), by: 99, on: list), by: -99, on: list).position == 0)
    #expect(moved(ListCursor(), by: 1, on: []).position == 0)
  }

  @Test func `the part that is shown holds the cursor and has no empty lines`() {
    let list = (0..<100).map(String.init)
    var cursor = moved(ListCursor(), by: 50, on: list)
    #expect(cursor.show(10, of: 100) == 41..<51)
    cursor = moved(cursor, by: -20, on: list)
    #expect(cursor.show(10, of: 100) == 30..<40)
    #expect(cursor.show(200, of: 100) == 0..<100)
    #expect(cursor.show(0, of: 100) == 30..<31)
  }
}
