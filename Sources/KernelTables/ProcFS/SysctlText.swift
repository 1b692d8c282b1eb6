// SPDX-License-Identifier: Apache-2.0

/// The texts of files under `/proc/sys`.
package enum SysctlText {
  /// One number: `60`.
  package static func number<Number: FixedWidthInteger>(
    _ text: [UInt8], name: String, as type: Number.Type = Number.self
  ) throws(DecodeError) -> Number {
    let fields = TextFields.fields(of: text)
    guard fields.count == 1, let field = fields.first else {
      throw .badField(table: name, field: "value", text: TextFields.text(text[...]))
    }
    return try TextFields.number(field, table: name, name: "value")
  }

  /// Several numbers: `283419 377893 566838`.
  package static func numbers(_ text: [UInt8], name: String) throws(DecodeError) -> [Int] {
    var numbers: [Int] = []
    for field in TextFields.fields(of: text) {
      numbers.append(try TextFields.number(field, table: name, name: "value"))
    }
    return numbers
  }

  /// Two ports: `32768 60999`.
  package static func portRange(
    _ text: [UInt8], name: String
  ) throws(DecodeError) -> ClosedRange<UInt16> {
    let fields = TextFields.fields(of: text)
    guard fields.count == 2 else {
      throw .badField(table: name, field: "range", text: TextFields.text(text[...]))
    }
    let low: UInt16 = try TextFields.number(fields[0], table: name, name: "low")
    let high: UInt16 = try TextFields.number(fields[1], table: name, name: "high")
    guard low <= high else {
      throw .badField(table: name, field: "range", text: "\(low) \(high)")
    }
    return low...high
  }

  /// Ports and ranges of ports: `8080,40000-40049`; often an empty line.
  ///
  /// Source: `proc_do_large_bitmap()`.
  package static func portList(
    _ text: [UInt8], name: String
  ) throws(DecodeError) -> [ClosedRange<UInt16>] {
    var ranges: [ClosedRange<UInt16>] = []
    for field in TextFields.fields(of: text) {
      for item in field.split(separator: UInt8(ascii: ",")) {
        let ends = item.split(
          separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let low: UInt16 = try TextFields.number(ends[0], table: name, name: "port")
        guard ends.count <= 2, let last = ends.last else {
          throw .badField(table: name, field: "range", text: TextFields.text(item))
        }
        let high: UInt16 = try TextFields.number(last, table: name, name: "port")
        guard low <= high else {
          throw .badField(table: name, field: "range", text: TextFields.text(item))
        }
        ranges.append(low...high)
      }
    }
    return ranges
  }
}
