// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Tracing

@Suite struct JSONTreeTests {
  @Test func `each kind of value is read`() throws {
    let tree = try JSONTree(
      Array(#" {"a": [1, -2.5e1, true, null], "b\n": "\u00e9\ud83d\ude00/", "c": {}} "#.utf8))
    #expect(tree["a"] == .list([.number(1), .number(-25), .truth(true), .null]))
    #expect(tree["b\n"]?.text == "é😀/")
    #expect(tree["c"] == .members([:]))
    #expect(tree["a"]?.list?.first?.integer == 1)
  }

  @Test(arguments: [
    (#"{"a": 1"#, "object"), (#"{"a" 1}"#, "colon"), ("[1 2]", "list"), (#""ab"#, nil),
    (#""\x""#, "escape"), ("tru", "value"), ("1 2", "end"), ("", "value"), (#"{1: 2}"#, "name"),
    (String(repeating: "[", count: 100), "depth"), ("1e999", "value"),
  ])
  func `what is no JSON is refused, with what was expected there`(text: String, field: String?) {
    #expect { try JSONTree(Array(text.utf8)) } throws: { error in
      switch error as? DecodeError {
      case .badField("JSON", let found, _): found == field
      case .truncated("JSON", _, _): field == nil
      default: false
      }
    }
  }

  @Test func `objects are told apart, whatever pieces they come in`() {
    let text = #"{"r": {"e": [{"a": "}]{\""}, {"b": [{"c": {}}]}, 7, [{}]]}}"#
    for size in 1...text.utf8.count {
      var objects = JSONObjects(depth: 4)
      var found: [String] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        found += objects.take(rest.prefix(size)).map { String(decoding: $0, as: UTF8.self) }
        rest = rest.dropFirst(size)
      }
      #expect(found == [#"{"a": "}]{\""}"#, #"{"b": [{"c": {}}]}"#])
    }
  }

  @Test func `an object that is too large is left out, and counted`() {
    var objects = JSONObjects(depth: 1, largest: 20)
    let large = "{\"a\": \"" + String(repeating: "x", count: 100) + "\"}"
    #expect(objects.take(Array((large + "{}").utf8)) == [Array("{}".utf8)])
    #expect(objects.skipped == 1)
  }
}
