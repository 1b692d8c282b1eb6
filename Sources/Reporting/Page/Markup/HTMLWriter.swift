// SPDX-License-Identifier: Apache-2.0

/// An attribute of an HTML element. Its name is this program's own, its value may be anybody's.
struct HTMLAttribute {
  var name: StaticString
  /// nil: an attribute without a value.
  var value: String?

  init(_ name: StaticString, _ value: String? = nil) {
    self.name = name
    self.value = value
  }

  static func `class`(_ value: String) -> HTMLAttribute { HTMLAttribute("class", value) }
  static func id(_ value: String) -> HTMLAttribute { HTMLAttribute("id", value) }
  static func href(_ value: String) -> HTMLAttribute { HTMLAttribute("href", value) }
}

/// Writes HTML into bytes. Markup is a `StaticString`: text that other programs chose cannot become
/// markup, because the compiler does not take it for one.
struct HTMLWriter {
  private(set) var bytes: [UInt8] = []

  /// Markup of this program's own, as it is.
  mutating func raw(_ markup: StaticString) {
    markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Text, escaped; what could hide or reorder it is `?`.
  mutating func text(_ text: String) {
    for byte in UntrustedText.printable(text).utf8 { append(byte) }
  }

  /// A start tag, or an element that has no content.
  mutating func open(_ tag: StaticString, _ attributes: [HTMLAttribute] = []) {
    bytes.append(UInt8(ascii: "<"))
    raw(tag)
    for attribute in attributes {
      bytes.append(UInt8(ascii: " "))
      raw(attribute.name)
      guard let value = attribute.value else { continue }
      raw("=\"")
      text(value)
      raw("\"")
    }
    bytes.append(UInt8(ascii: ">"))
  }

  mutating func close(_ tag: StaticString) {
    raw("</")
    raw(tag)
    raw(">")
  }

  /// An element within a line.
  mutating func inline(_ tag: StaticString, _ attributes: HTMLAttribute..., text: String) {
    open(tag, attributes)
    self.text(text)
    close(tag)
  }

  /// An element on lines of its own that holds text.
  mutating func element(_ tag: StaticString, _ attributes: HTMLAttribute..., text: String) {
    open(tag, attributes)
    self.text(text)
    close(tag)
    raw("\n")
  }

  /// An element on lines of its own that holds what `body` writes.
  mutating func element(
    _ tag: StaticString, _ attributes: HTMLAttribute..., body: (inout HTMLWriter) -> Void
  ) {
    open(tag, attributes)
    body(&self)
    close(tag)
    raw("\n")
  }

  private mutating func append(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "&"): raw("&amp;")
    case UInt8(ascii: "<"): raw("&lt;")
    case UInt8(ascii: ">"): raw("&gt;")
    case UInt8(ascii: "\""): raw("&quot;")
    case UInt8(ascii: "'"): raw("&#39;")
    default: bytes.append(byte)
    }
  }
}
