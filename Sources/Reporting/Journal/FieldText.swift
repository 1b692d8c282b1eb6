// SPDX-License-Identifier: Apache-2.0

/// The values of an entry's fields by name.
struct FieldText {
  private let values: [String: [String]]

  init(_ fields: [JournalEntry.Field]) {
    values = Dictionary(grouping: fields, by: \.name).mapValues { $0.map(\.value) }
  }

  /// No number of sockets, descriptors or what else is counted here is larger on any host; a sum of
  /// many cannot overflow.
  static func count(_ text: String) -> Int? { Int(text).flatMap { 0...(1 << 40) ~= $0 ? $0 : nil } }

  subscript(name: String) -> String? { values[name]?.first }

  func all(_ name: String) -> [String] { values[name] ?? [] }

  func needed(_ name: String) throws(JournalFieldError) -> String {
    guard let value = self[name] else { throw JournalFieldError(field: name, text: nil) }
    return value
  }

  func word<Value>(
    _ name: String, _ meaning: (String) -> Value?
  ) throws(JournalFieldError) -> Value {
    let text = try needed(name)
    guard let value = meaning(text) else { throw JournalFieldError(field: name, text: text) }
    return value
  }

  func optional<Value>(
    _ name: String, _ meaning: (String) -> Value?
  ) throws(JournalFieldError) -> Value? {
    self[name] == nil ? nil : try word(name, meaning)
  }

  func words<Value>(
    _ name: String, _ meaning: (String) -> Value?
  ) throws(JournalFieldError) -> [Value] {
    var words: [Value] = []
    for text in all(name) {
      guard let value = meaning(text) else { throw JournalFieldError(field: name, text: text) }
      words.append(value)
    }
    return words
  }

  /// A number that is not whole.
  static func number(_ text: String) -> Double? {
    // Double takes "nan" and "inf" too, which no time or rate is.
    Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}
