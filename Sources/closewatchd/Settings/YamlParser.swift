// SPDX-License-Identifier: Apache-2.0

import CYaml

/// Reads one YAML document into nodes with their places, through libyaml's events.
///
/// Refused, because no settings need them: aliases and anchors (a short file can name a huge one),
/// tags, more than one document, and anything nested deeper than ``deepest``.
struct YamlParser {
  /// Bytes of a file. The one with every key and its reason has a few thousand.
  static let largest = 262_144
  static let deepest = 8

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let file: String

  /// Parses `bytes`.
  ///
  /// - Parameter file: Its name, for errors.
  /// - Returns: nil for an empty document.
  static func parse(_ bytes: [UInt8], file: String) throws(SettingsError) -> YamlNode? {
    guard bytes.count <= largest else {
      throw SettingsError(place: file, problem: "larger than \(largest) bytes; nothing was read")
    }
    // The parser keeps a pointer to itself.
    let memory = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { memory.deallocate() }
    guard yaml_parser_initialize(memory) == 1 else {
      throw SettingsError(place: file, problem: "no memory to read it")
    }
    defer { yaml_parser_delete(memory) }
    let result: Result<YamlNode?, SettingsError> = bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(memory, buffer.baseAddress, buffer.count)
      yaml_parser_set_encoding(memory, YAML_UTF8_ENCODING)
      do throws(SettingsError) {
        return .success(try YamlParser(parser: memory, file: file).document())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// What of an event is needed here.
  private enum Token {
    case scalar(String, isPlain: Bool)
    case beginMap, endMap, beginList, endList
    case beginDocument, end, other
  }

  private func document() throws(SettingsError) -> YamlNode? {
    var root: YamlNode?
    var documents = 0
    while true {
      let (token, mark) = try next()
      switch token {
      case .end: return root
      case .beginDocument:
        documents += 1
        if documents > 1 { throw error(mark, "a second document; settings are one") }
        let (first, place) = try next()
        root = try node(first, place, depth: 0)
      default: continue
      }
    }
  }

  private func node(
    _ token: Token, _ mark: YamlNode.Mark, depth: Int
  ) throws(SettingsError) -> YamlNode {
    guard depth < Self.deepest else {
      throw error(mark, "nested more than \(Self.deepest) deep")
    }
    switch token {
    case .scalar(let text, let isPlain):
      let isEmpty = isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
      return YamlNode(mark: mark, kind: isEmpty ? .empty : .scalar(text))
    case .beginList:
      var items: [YamlNode] = []
      while true {
        let (token, place) = try next()
        if case .endList = token { return YamlNode(mark: mark, kind: .list(items)) }
        items.append(try node(token, place, depth: depth + 1))
      }
    case .beginMap:
      var entries: [YamlNode.Entry] = []
      while true {
        let (token, place) = try next()
        if case .endMap = token { return YamlNode(mark: mark, kind: .map(entries)) }
        guard case .scalar(let key, _) = token else {
          throw error(place, "expected the name of a key")
        }
        let (value, valuePlace) = try next()
        entries.append(
          YamlNode.Entry(
            key: key, keyMark: place, value: try node(value, valuePlace, depth: depth + 1)))
      }
    default:
      throw error(mark, "expected a value")
    }
  }

  /// The next event.
  private func next() throws(SettingsError) -> (Token, YamlNode.Mark) {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
    defer { yaml_event_delete(&event) }
    let mark = Self.mark(event.start_mark)
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(anchor: scalar.anchor, tag: scalar.tag, at: mark)
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return (.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark)
    case YAML_MAPPING_START_EVENT:
      let map = event.data.mapping_start
      try refuse(anchor: map.anchor, tag: map.tag, at: mark)
      return (.beginMap, mark)
    case YAML_SEQUENCE_START_EVENT:
      let list = event.data.sequence_start
      try refuse(anchor: list.anchor, tag: list.tag, at: mark)
      return (.beginList, mark)
    case YAML_ALIAS_EVENT: throw error(mark, "an alias (*name); write the value itself")
    case YAML_MAPPING_END_EVENT: return (.endMap, mark)
    case YAML_SEQUENCE_END_EVENT: return (.endList, mark)
    case YAML_DOCUMENT_START_EVENT: return (.beginDocument, mark)
    case YAML_STREAM_END_EVENT: return (.end, mark)
    default: return (.other, mark)
    }
  }

  private func refuse(
    anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?,
    at mark: YamlNode.Mark
  ) throws(SettingsError) {
    if anchor != nil { throw error(mark, "an anchor (&name); settings have none") }
    if tag != nil { throw error(mark, "a tag (!name); settings have none") }
  }

  private func syntaxError() -> SettingsError {
    let parser = parser.pointee
    let problem = parser.problem.map { String(cString: $0) } ?? "unreadable"
    guard parser.error != YAML_READER_ERROR else {
      return SettingsError(
        place: "\(file): byte \(parser.problem_offset)", problem: "not UTF-8 text: \(problem)")
    }
    let context = parser.context.map { " " + String(cString: $0) } ?? ""
    return error(Self.mark(parser.problem_mark), "not YAML: \(problem)\(context)")
  }

  private func error(_ mark: YamlNode.Mark, _ problem: String) -> SettingsError {
    SettingsError(place: "\(file):\(mark.line):\(mark.column)", problem: problem)
  }

  private static func mark(_ mark: yaml_mark_t) -> YamlNode.Mark {
    YamlNode.Mark(line: mark.line + 1, column: mark.column + 1)
  }
}
