// SPDX-License-Identifier: Apache-2.0

/// A table whose first column heads its rows; the others are numbers.
struct HTMLTable {
  private let caption: String
  private let columns: [String]

  init(_ caption: String, columns: [String]) {
    self.caption = caption
    self.columns = columns
  }

  /// - Parameter rows: The cells of each.
  func write(_ rows: [[String]], to page: inout HTMLWriter) {
    // On a phone the table scrolls, not the page; whoever uses the keyboard must get there too.
    page.element(
      "div", .class("scroll"), HTMLAttribute("tabindex", "0"), HTMLAttribute("role", "region"),
      HTMLAttribute("aria-label", caption)
    ) { page in
      page.element("table") { page in
        page.element("thead") { page in Self.row(columns, scope: "col", to: &page) }
        page.element("tbody") { page in
          for cells in rows { Self.row(cells, scope: "row", to: &page) }
        }
      }
    }
  }

  private static func row(_ cells: [String], scope: String, to page: inout HTMLWriter) {
    page.element("tr") { page in
      for (index, cell) in cells.enumerated() {
        if scope == "col" || index == 0 {
          page.element("th", HTMLAttribute("scope", scope), text: cell)
        } else {
          page.element("td", text: cell)
        }
      }
    }
  }
}
