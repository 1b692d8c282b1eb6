// SPDX-License-Identifier: Apache-2.0

import Testing

/// What the tidy rules take for code must be what the compiler takes for code.
struct SwiftDeclarationsTests {
  private func bodies(_ text: String) -> [SwiftDeclarations.Body] {
    SwiftDeclarations(SwiftCode(text)).bodies
  }

  @Test func `braces in strings, comments and raw identifiers do not count`() {
    let text = ##"""
      func `a { name`() {
        let a = "{ \(b.map { "}" }) {"  // {
        let c = #"{ \(not code "quoted" "# /* { /* { */ } */
        let d = """
          { \"""
          """
      }
      func next() {}
      """##
    let names = bodies(text).map { "\($0.name) \($0.line) \($0.lineCount)" }
    #expect(names == ["_ 1 7", "next 8 1"])
  }

  @Test func `a requirement of a protocol has no body`() {
    let text = """
      protocol P {
        func one(_ a: () -> Void) throws -> [Int]
        var two: Int { get }
        init()
      }
      struct S {
        var stored = 1
        func three(
          _ body: () -> Int = { 1 }
        ) -> Int
        where Int: Sendable {
          self.init()
          return 3
        }
      }
      """
    let names = bodies(text).map { "\($0.name) \($0.line) \($0.lineCount)" }
    #expect(names == ["two 3 1", "three 8 7"])
  }

  @Test func `imports are found with their attributes, and words that look like them are not`() {
    let text = """
      @testable import A
      package import struct B.C
      import D.E
      let important = 1; call(import: 2)
      """
    let imports = SwiftDeclarations(SwiftCode(text)).imports
    #expect(imports.map { "\($0.module) \($0.line)" } == ["A 1", "B 2", "D 3"])
  }
}
