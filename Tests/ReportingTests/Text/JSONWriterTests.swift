// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Reporting
import Testing

@Suite struct JSONWriterTests {
  private func written(_ body: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    body(&json)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  @Test func `commas stand between values and nowhere else`() {
    let text = written { json in
      json.beginObject()
      json.key("a")
      json.beginArray()
      json.integer(1)
      json.beginArray()
      json.endArray()
      json.beginObject()
      json.endObject()
      json.null()
      json.endArray()
      json.key("b")
      json.bool(false)
      json.key(named: "c\"")
      json.string("x")
      json.endObject()
    }
    #expect(text == #"{"a":[1,[],{},null],"b":false,"c\"":"x"}"#)
  }

  @Test(arguments: [
    ("plain nginx", #""plain nginx""#),
    ("say \"hi\" \\ bye", #""say \"hi\" \\ bye""#),
    ("a\nb\tc\rd\u{0}e\u{1b}[2J\u{7f}", #""a\nb\tc\rd\u0000e\u001b[2J\u007f""#),
    ("c1 \u{9b}2J", #""c1 \u009b2J""#),
    ("bidi \u{202e}gpj", #""bidi \u202egpj""#),
    ("tag \u{e0041}", #""tag \udb40\udc41""#),
    ("größe 日本 👍", #""größe 日本 👍""#),
  ])
  func `text of other programs can neither end a string nor steer a terminal`(
    _ text: String, _ json: String
  ) {
    #expect(written { $0.string(text) } == json)
  }

  @Test func `bytes that are not UTF-8 become the replacement character`() {
    #expect(written { $0.string(utf8: [0x61, 0xff, 0xc3, 0x28]) } == "\"a\u{fffd}\u{fffd}(\"")
  }

  @Test func `a 64-bit cookie is written in full`() {
    #expect(written { $0.integer(UInt64.max) } == "18446744073709551615")
    #expect(written { $0.integer(Int64.min) } == "-9223372036854775808")
  }

  @Test(arguments: [
    (12.3, "12.3"), (0, "0"), (-0.0001, "0"), (3, "3"), (0.0005, "0.001"), (1e-9, "0"),
    (1234567.8915, "1234567.892"), (-2.5, "-2.5"), (100, "100"),
  ])
  func `a number has no exponent and no idle zeros`(_ value: Double, _ json: String) {
    #expect(written { $0.number(value) } == json)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `what JSON cannot say as a number is null`(_ value: Double) {
    #expect(written { $0.number(value) } == "null")
  }

  @Test func `draining in pieces gives the same bytes`() {
    var json = JSONWriter()
    var pieces: [UInt8] = []
    json.beginArray()
    for number in 0..<5 {
      json.integer(number)
      json.drain { pieces += $0 }
    }
    json.endArray()
    json.drain { pieces += $0 }
    #expect(String(decoding: pieces, as: UTF8.self) == "[0,1,2,3,4]")
  }
}
