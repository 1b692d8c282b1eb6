// SPDX-License-Identifier: Apache-2.0

/// What is unfolded on the status page, as its address says: what a reader has unfolded is still so
/// when the page reloads, and in the window of a colleague who gets the address. Each fold is a
/// link, so that no script is needed for that.
package struct StatusFolds: Hashable, Sendable {
  /// Ids of the page's elements; nil: the reader has not chosen.
  private var chosen: Set<String>?
  /// Whether the page loads itself again.
  package var reloads = true
  /// What is unfolded where the reader has not chosen.
  var usual: Set<String> = []

  /// More than a page has. Whoever asks for the page may write anything into its address.
  private static let most = 64
  private static let mostBytes = 32

  package init() {}

  /// - Parameter query: Of the address: `open=f12.f12-do&refresh=off`. What is not understood is
  ///   left out.
  package init(query: some StringProtocol) {
    for field in query.split(separator: "&") {
      if field == "refresh=off" { reloads = false }
      guard field.hasPrefix("open=") else { continue }
      let ids = field.dropFirst(5).split(separator: ".").filter { Self.isID($0) }
      chosen = Set(ids.prefix(Self.most).map { String($0) })
    }
  }

  private static func isID(_ text: some StringProtocol) -> Bool {
    text.utf8.count <= mostBytes
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-")
      }
  }

  private var open: Set<String> { chosen ?? usual }

  func isOpen(_ id: String) -> Bool { open.contains(id) }

  /// What names the line of a fold. Not what is in it: a browser unfolds what it is sent to.
  static func lineID(_ id: String) -> String { id + "-h" }

  /// Where the page is with this fold the other way round.
  func toggling(_ id: String) -> String {
    address(open.symmetricDifference([id])) + "#" + Self.lineID(id)
  }

  /// Where the page is with all of these unfolded, at the last of them.
  func opening(_ ids: String...) -> String {
    address(open.union(ids)) + (ids.last.map { "#" + Self.lineID($0) } ?? "")
  }

  /// Where it reloads, or no longer does.
  var withOtherReload: String {
    var other = self
    other.reloads.toggle()
    return other.address
  }

  /// Where the page is that the reader looks at.
  package var address: String { chosen == nil ? address(nil) : address(open) }

  private func address(_ open: Set<String>?) -> String {
    var fields: [String] = []
    if let open { fields.append("open=" + open.sorted().joined(separator: ".")) }
    if !reloads { fields.append("refresh=off") }
    // Relative: a proxy may serve the page below a path of its own.
    return fields.isEmpty ? "./" : "./?" + fields.joined(separator: "&")
  }

  /// Writes a fold: its line is a link as a whole.
  func write(
    _ id: String, class name: String, to page: inout HTMLWriter,
    summary: (inout HTMLWriter) -> Void, body: (inout HTMLWriter) -> Void
  ) {
    page.open("details", [.class(name)] + (isOpen(id) ? [HTMLAttribute("open")] : []))
    page.raw("\n")
    page.element("summary") { page in summary(&page) }
    body(&page)
    page.close("details")
    page.raw("\n")
  }
}
