// SPDX-License-Identifier: Apache-2.0

/// A page of metrics read back the way Prometheus does: strictly, one line at a time.
struct ExpositionText {
  struct Failure: Error, CustomStringConvertible { var description: String }

  struct Sample: Hashable {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  var types: [String: String] = [:]
  var helps: [String: String] = [:]
  var units: [String: String] = [:]
  var samples: [Sample] = []
  var isEnded = false

  init(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(description: "not UTF-8")
    }
    guard text.hasSuffix("\n") else { throw Failure(description: "the last line has no end") }
    // By bytes: a line feed in a value must not look like one character with what follows.
    for line in text.utf8.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
      try take(String(Substring(line)))
    }
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { sample in
      sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
    }?.value
  }

  private mutating func take(_ line: String) throws {
    guard !isEnded else { throw Failure(description: "after # EOF: \(line)") }
    if line == "# EOF" {
      isEnded = true
    } else if line.hasPrefix("# ") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      guard words.count == 4 else { throw Failure(description: "no comment of ours: \(line)") }
      switch words[1] {
      case "TYPE": try note(words, in: \.types)
      case "HELP": try note(words, in: \.helps)
      case "UNIT": try note(words, in: \.units)
      default: throw Failure(description: "no comment of ours: \(line)")
      }
    } else {
      samples.append(try sample(line))
    }
  }

  private mutating func note(
    _ words: [String], in place: WritableKeyPath<ExpositionText, [String: String]>
  ) throws {
    guard self[keyPath: place].updateValue(words[3], forKey: words[2]) == nil else {
      throw Failure(description: "twice: \(words)")
    }
  }

  private func sample(_ line: String) throws -> Sample {
    var rest = Substring(line)
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      repeat {
        rest = rest.dropFirst()
        let label = rest.prefix { $0 != "=" }
        rest = rest.dropFirst(label.count)
        guard rest.hasPrefix("=\"") else { throw Failure(description: "no value: \(line)") }
        rest = rest.dropFirst(2)
        let (value, after) = try Self.quoted(rest, line)
        guard labels.updateValue(value, forKey: String(label)) == nil else {
          throw Failure(description: "a label twice: \(line)")
        }
        rest = after
      } while rest.first == ","
      guard rest.first == "}" else { throw Failure(description: "labels do not end: \(line)") }
      rest = rest.dropFirst()
    }
    guard rest.first == " " else { throw Failure(description: "no space: \(line)") }
    let number = rest.dropFirst()
    guard let value = Double(number.lowercased()) else {
      throw Failure(description: "no number: \(line)")
    }
    return Sample(name: String(name), labels: labels, value: value)
  }

  private static func quoted(
    _ text: Substring, _ line: String
  ) throws -> (String, Substring) {
    var value = ""
    var rest = text
    while let character = rest.popFirst() {
      if character == "\"" { return (value, rest) }
      guard character == "\\" else {
        value.append(character)
        continue
      }
      switch rest.popFirst() {
      case "\\": value.append("\\")
      case "\"": value.append("\"")
      case "n": value.append("\n")
      default: throw Failure(description: "no such escape: \(line)")
      }
    }
    throw Failure(description: "a value does not end: \(line)")
  }
}
