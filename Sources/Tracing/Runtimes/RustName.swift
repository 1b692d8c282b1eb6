// SPDX-License-Identifier: Apache-2.0

/// Names as newer compilers of Rust have them for linkers: `_RNvCs4ihprQr4K34_3web6handle`.
///
/// Source: RFC 2603. The numbers that tell crates of one name apart are left out. What refers back
/// can ask for any amount, so that both depth and length are bounded.
public struct RustName {
  private let bytes: [UInt8]
  private var place = 0
  private var text = ""
  private var depth = 0
  private var isSilent = false
  /// Lifetimes that a `for<…>` has named around here.
  private var bound: UInt64 = 0

  private static let deepest = 128
  private static let longest = 2048

  private struct Malformed: Error {}

  /// `web::handle`; nil for what is no such name.
  public static func readable(_ name: String) -> String? {
    guard name.hasPrefix("_R") else { return nil }
    // Behind a dot stands what the compiler's optimizer has added.
    let symbol = name.utf8.dropFirst(2).prefix { $0 != UInt8(ascii: ".") }
    var reader = RustName(bytes: Array(symbol))
    // A number is of a version that is not there yet.
    guard let first = reader.bytes.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
    else { return nil }
    do {
      try reader.path(isValue: true)
      return reader.text
    } catch {
      return nil
    }
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Letters

  private var next: Character? {
    place < bytes.count ? Character(Unicode.Scalar(bytes[place])) : nil
  }

  private mutating func letter() throws -> Character {
    guard let letter = next else { throw Malformed() }
    place += 1
    return letter
  }

  private mutating func skip(_ letter: Character) -> Bool {
    guard next == letter else { return false }
    place += 1
    return true
  }

  private mutating func say(_ words: String) throws {
    if isSilent { return }
    text += words
    guard text.utf8.count <= Self.longest else { throw Malformed() }
  }

  private mutating func deeper(_ inner: (inout Self) throws -> Void) throws {
    depth += 1
    guard depth <= Self.deepest else { throw Malformed() }
    try inner(&self)
    depth -= 1
  }

  /// Of what has just been begun: what stands there instead of it.
  private mutating func back(_ inner: (inout Self) throws -> Void) throws {
    let own = place - 1
    guard let target = Int(exactly: try number62()), target < own else { throw Malformed() }
    // What is not said need not be read again.
    if isSilent { return }
    let after = place
    place = target
    try deeper(inner)
    place = after
  }

  private mutating func number62() throws -> UInt64 {
    if skip("_") { return 0 }
    var value: UInt64 = 0
    while true {
      let letter = try letter()
      if letter == "_" { break }
      guard let byte = letter.asciiValue else { throw Malformed() }
      let digit: UInt8
      switch letter {
      case "0"..."9": digit = byte - 48
      case "a"..."z": digit = byte - 87
      case "A"..."Z": digit = byte - 29
      default: throw Malformed()
      }
      let (product, isOver) = value.multipliedReportingOverflow(by: 62)
      guard !isOver, product < UInt64.max - 64 else { throw Malformed() }
      value = product + UInt64(digit)
    }
    return value + 1
  }

  private mutating func disambiguator() throws -> UInt64 {
    skip("s") ? try number62() + 1 : 0
  }

  private mutating func word() throws -> String {
    let isEncoded = skip("u")
    var count = 0
    guard let first = next, first.isNumber else { throw Malformed() }
    if !skip("0") {
      while let digit = next?.wholeNumberValue, count < 1 << 16 {
        count = count * 10 + digit
        place += 1
      }
    }
    _ = skip("_")
    guard count <= bytes.count - place else { throw Malformed() }
    let word = String(decoding: bytes[place..<(place + count)], as: UTF8.self)
    place += count
    return isEncoded ? "punycode{\(word)}" : word
  }

  // MARK: Paths

  private mutating func path(isValue: Bool) throws {
    try deeper { name in
      switch try name.letter() {
      case "C":
        _ = try name.disambiguator()
        try name.say(try name.word())
      case "N": try name.nested(isValue: isValue)
      case "M":
        try name.implementation()
        try name.say("<")
        try name.type()
        try name.say(">")
      case "X":
        try name.implementation()
        try name.typeAsTrait()
      case "Y": try name.typeAsTrait()
      case "I":
        try name.path(isValue: isValue)
        try name.say(isValue ? "::<" : "<")
        try name.list { try $0.genericArgument() }
        try name.say(">")
      case "B": try name.back { try $0.path(isValue: isValue) }
      default: throw Malformed()
      }
    }
  }

  private mutating func nested(isValue: Bool) throws {
    let space = try letter()
    try path(isValue: isValue)
    let number = try disambiguator()
    let word = try word()
    if space.isLowercase {
      if !word.isEmpty { try say("::\(word)") }
      return
    }
    let kind = space == "C" ? "closure" : space == "S" ? "shim" : String(space)
    try say("::{\(kind)\(word.isEmpty ? "" : ":\(word)")#\(number)}")
  }

  /// Where an implementation is written: of what it is says more.
  private mutating func implementation() throws {
    _ = try disambiguator()
    let was = isSilent
    isSilent = true
    try path(isValue: false)
    isSilent = was
  }

  private mutating func typeAsTrait() throws {
    try say("<")
    try type()
    try say(" as ")
    try path(isValue: false)
    try say(">")
  }

  private mutating func list(_ inner: (inout Self) throws -> Void) throws {
    var isFirst = true
    while !skip("E") {
      if !isFirst { try say(", ") }
      isFirst = false
      try inner(&self)
    }
  }

  private mutating func genericArgument() throws {
    if skip("L") { return try lifetime(try number62()) }
    if skip("K") { return try constant() }
    try type()
  }

  private mutating func lifetime(_ number: UInt64) throws {
    guard number > 0 else { return try say("'_") }
    guard number <= bound else { throw Malformed() }
    try say("'_\(bound - number)")
  }

  // MARK: Types

  private static let basic: [Character: String] = [
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8",
    "i": "isize", "j": "usize", "l": "i32", "m": "u32", "n": "i128", "o": "u128", "p": "_",
    "s": "i16", "t": "u16", "u": "()", "v": "...", "x": "i64", "y": "u64", "z": "!",
  ]

  private mutating func type() throws {
    try deeper { name in
      let letter = try name.letter()
      if let basic = Self.basic[letter] { return try name.say(basic) }
      switch letter {
      case "R", "Q":
        try name.say("&")
        if name.skip("L") {
          let number = try name.number62()
          if number > 0 {
            try name.lifetime(number)
            try name.say(" ")
          }
        }
        if letter == "Q" { try name.say("mut ") }
        try name.type()
      case "P", "O":
        try name.say(letter == "P" ? "*const " : "*mut ")
        try name.type()
      case "A", "S":
        try name.say("[")
        try name.type()
        if letter == "A" {
          try name.say("; ")
          try name.constant()
        }
        try name.say("]")
      case "T":
        try name.say("(")
        try name.list { try $0.type() }
        try name.say(")")
      case "F": try name.function()
      case "D": try name.anyOfTraits()
      case "B": try name.back { try $0.type() }
      default:
        name.place -= 1
        try name.path(isValue: false)
      }
    }
  }

  private mutating func binding(_ inner: (inout Self) throws -> Void) throws {
    let was = bound
    if skip("G") {
      let count = try number62() + 1
      guard count <= 64 else { throw Malformed() }
      bound += count
      try say("for<\((was..<bound).map { "'_\($0)" }.joined(separator: ", "))> ")
    }
    try inner(&self)
    bound = was
  }

  private mutating func function() throws {
    try binding { name in
      if name.skip("U") { try name.say("unsafe ") }
      if name.skip("K") {
        let convention = name.skip("C") ? "C" : try name.word()
        try name.say("extern \"\(convention)\" ")
      }
      try name.say("fn(")
      try name.list { try $0.type() }
      try name.say(")")
      if !name.skip("u") {
        try name.say(" -> ")
        try name.type()
      }
    }
  }

  private mutating func anyOfTraits() throws {
    try say("dyn ")
    try binding { name in
      var isFirst = true
      while !name.skip("E") {
        if !isFirst { try name.say(" + ") }
        isFirst = false
        try name.path(isValue: false)
        while name.skip("p") {
          try name.say("<\(try name.word()) = ")
          try name.type()
          try name.say(">")
        }
      }
    }
    guard skip("L") else { throw Malformed() }
    _ = try number62()
  }

  private mutating func constant() throws {
    if skip("p") { return try say("_") }
    if skip("B") { return try back { try $0.constant() } }
    let type = try letter()
    guard Self.basic[type] != nil else { throw Malformed() }
    if skip("n") { try say("-") }
    var digits = ""
    while true {
      let digit = try letter()
      if digit == "_" { break }
      guard digit.isHexDigit, digits.utf8.count < 32 else { throw Malformed() }
      digits.append(digit)
    }
    if type == "b" { return try say(digits == "1" ? "true" : "false") }
    try say(UInt64(digits.isEmpty ? "0" : digits, radix: 16).map { "\($0)" } ?? "0x\(digits)")
  }
}
