// SPDX-License-Identifier: Apache-2.0

/// A table whose first column heads its rows; the others are numbers.
struct HTMLTable<Row> {
  private let caption: String
  private let columns: [Column<Row>.Web]

  init(_ caption: String, columns: [Column<Row>]) {
    self.caption = caption
    self.columns = columns.compactMap(\.web)
  }

  func write(_ rows: some Sequence<Row>, to page: inout HTMLWriter) {
    // On a phone the table scrolls, not the page; whoever uses the keyboard must get there too.
    page.element(
      "div", .class("scroll"), HTMLAttribute("tabindex", "0"), HTMLAttribute("role", "region"),
      HTMLAttribute("aria-label", caption)
    ) { page in
      page.element("table") { page in
        page.element("thead") { page in
          Self.row(columns.map(\.title), scope: "col", to: &page)
        }
        page.element("tbody") { page in
          for row in rows { Self.row(columns.map { $0.text(row) }, scope: "row", to: &page) }
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
