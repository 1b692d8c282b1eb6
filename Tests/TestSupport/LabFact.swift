// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// One line of the laboratory: `holder inode=30182 pid=812 fd=7 table=process`.
struct LabFact {
  let kind: String
  private var values: [Substring: Substring] = [:]

  init(_ line: String) throws(ChildProgram.Failure) {
    let words = line.split(separator: " ")
    guard let first = words.first, first != "failed" else { throw ChildProgram.Failure(line) }
    kind = String(first)
    for word in words.dropFirst() {
      let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else { throw ChildProgram.Failure("not a fact: \(line)") }
      values[sides[0]] = sides[1]
    }
  }

  func has(_ key: Substring) -> Bool { values[key] != nil }

  func text(_ key: Substring) throws(ChildProgram.Failure) -> String {
    guard let value = values[key] else {
      throw ChildProgram.Failure("\(kind) without \(key): \(values)")
    }
    return String(value)
  }

  func number<Number: FixedWidthInteger>(_ key: Substring) throws(ChildProgram.Failure) -> Number {
    let value = try text(key)
    guard let number = Number(value) else {
      throw ChildProgram.Failure("\(kind): \(key) is no number: \(value)")
    }
    return number
  }

  /// `00000000000000000000ffff7f000001:6001`.
  func endpoint(_ key: Substring) throws(ChildProgram.Failure) -> Endpoint {
    let value = try text(key)
    let sides = value.split(separator: ":")
    guard sides.count == 2, sides[0].utf8.count == 32,
      let high = UInt64(sides[0].prefix(16), radix: 16),
      let low = UInt64(sides[0].dropFirst(16), radix: 16), let port = UInt16(sides[1])
    else { throw ChildProgram.Failure("\(kind): \(key) is no endpoint: \(value)") }
    return Endpoint(IPAddress(high: high, low: low), port)
  }

  /// A number, or `more` for more than one.
  func queue(_ key: Substring) throws(ChildProgram.Failure) -> Lab.Queue? {
    guard has(key) else { return nil }
    return try text(key) == "more" ? .moreThanOne : .exactly(number(key))
  }
}
