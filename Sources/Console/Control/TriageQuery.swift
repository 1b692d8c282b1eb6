// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// How a triage is asked for over the control socket. The daemon writes it as the client would, so
/// that the two need not be of one release: what one does not know, it leaves out.
package struct TriageQuery: Equatable {
  package var format = TriageFormat.text
  /// As it is typed.
  package var target: String?
  package var style = TextStyle()
  /// Whether everything of every finding is wanted.
  package var showsAll = false
  /// Of local time from UTC, to the east.
  package var utcOffsetSeconds = 0
  /// Whether this daemon has to be named by its socket.
  package var isAskedElsewhere = false

  package static let path = "/triage"

  /// The target of the request.
  package var uri: String {
    var fields = [
      "format=\(format.rawValue)", "colour=\(style.colour ? 1 : 0)",
      "unicode=\(style.unicode ? 1 : 0)", "width=\(style.width)",
      "table-width=\(style.tableWidth)", "utc-offset=\(utcOffsetSeconds)",
    ]
    if showsAll { fields.append("all=1") }
    if isAskedElsewhere { fields.append("elsewhere=1") }
    if let target { fields.append("target=\(PercentCoding.encoded(target))") }
    return Self.path + "?" + fields.joined(separator: "&")
  }

  package init() {}

  /// - Throws: ``UsageError`` that names what cannot be understood.
  package init(uri: String) throws(UsageError) {
    let query = uri.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
    for field in query.split(separator: "&") {
      let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, let value = PercentCoding.decoded(sides[1]) else {
        throw UsageError("not a field of a query: '\(field)'")
      }
      try take(String(sides[0]), value)
    }
  }

  private mutating func take(_ name: String, _ value: String) throws(UsageError) {
    switch name {
    case "format":
      guard let format = TriageFormat(rawValue: value) else {
        throw UsageError("no triage has the format '\(value)'")
      }
      self.format = format
    case "target": target = value
    case "all": showsAll = value == "1"
    case "elsewhere": isAskedElsewhere = value == "1"
    case "colour": style.colour = value == "1"
    case "unicode": style.unicode = value == "1"
    case "width":
      style.width = try Self.number(value, in: 20...1000)
      style.tableWidth = style.width
    case "table-width": style.tableWidth = try Self.number(value, in: 20...1000)
    case "utc-offset": utcOffsetSeconds = try Self.number(value, in: -86_400...86_400)
    default: break
    }
  }

  private static func number(_ text: String, in range: ClosedRange<Int>) throws(UsageError) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw UsageError("'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
