// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Tracing

@Suite(.requires(.command("python3"))) struct PythonProcessTests {
  @Test func `this machine has a CPython that can be read`() {
    #expect(!PythonProgram.known.isEmpty)
  }

  @Test(.requires(.root), arguments: PythonProgram.known)
  func `what threads do is named as the interpreter itself names it`(path: String) throws {
    let (child, told) = try PythonProgram.start(path)
    let memory = LiveMemory(of: child.pid)
    let python = try #require(try PythonProgram.find(in: child.pid, memory: memory))
    let threads = python.threads(in: memory)
    #expect(told.count == 4)
    for (thread, expected) in told {
      let found = try #require(threads.first { $0.thread == thread })
      let frames = python.frames(of: found.calls, in: memory).map {
        "\($0.function ?? "?") \($0.file ?? "?"):\($0.line ?? 0)"
      }
      #expect(frames == expected)
    }
    child.send("end")
  }

  @Test(.requires(.root), arguments: PythonProgram.known)
  func `what was code once and is no more has no name`(path: String) throws {
    let (child, told) = try PythonProgram.start(path)
    let memory = LiveMemory(of: child.pid)
    let python = try #require(try PythonProgram.find(in: child.pid, memory: memory))
    let thread = try #require(
      python.threads(in: memory).first { told[$0.thread] != nil && !$0.calls.isEmpty })
    var calls = thread.calls
    // Another object, and memory that is not there.
    calls[0].code = python.codeType
    #expect(python.frames(of: [calls[0]], in: memory) == [])
    calls[0].code = 8
    #expect(python.frames(of: [calls[0]], in: memory) == [StackFrame(function: nil)])
    // An instruction that the code does not have.
    let wrong = PythonProcess.Call(code: calls[1].code, instruction: calls[1].code)
    #expect(python.frames(of: [wrong], in: memory).map(\.line) == [nil])
    child.send("end")
  }

  @Test(
    arguments: [
      (0x030e_00f0, "3.14"), (0x030a_0df0, "3.10"), (0x0411_00f0, "4.17"),
    ] as [(UInt64, String)])
  func `a version that is not known is said to be that`(version: UInt64, text: String) throws {
    let (child, _) = try PythonProgram.start(try #require(PythonProgram.known.first))
    let path = try #require(PythonProgram.file(in: child.pid))
    let file = try ELFFile(StoredMemory(try #require(readBytes(path))))
    let place = try #require(file.address(ofSymbol: "Py_Version"))
    let memory = StoredMemory(withUnsafeBytes(of: version) { Array($0) }, at: place)
    let unknown = DecodeError.badField(table: "CPython", field: "version", text: text)
    #expect(throws: unknown) { try PythonProcess.find(in: file, memory: memory) }
    let older = DecodeError.badField(table: "CPython", field: "version", text: "older than 3.11")
    #expect(throws: older) { try PythonProcess.find(in: file, memory: StoredMemory([])) }
    child.send("end")
  }

  @Test func `memory that changes while it is read does no harm`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let bytes = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
      var memory = StoredMemory(bytes)
      // Addresses within, so that a walk goes on.
      for place in stride(from: 0, to: 4096, by: 8) where Bool.random(using: &random) {
        let address = UInt64.random(in: 0..<512, using: &random) * 8
        memory.bytes.replaceSubrange(
          place..<(place + 8), with: withUnsafeBytes(of: address) { Array($0) })
      }
      for layout in [PythonLayout.python3_11, .python3_12] {
        let python = PythonProcess(version: 0, runtime: 0, codeType: 8, layout: layout)
        for thread in python.threads(in: memory) {
          #expect(thread.calls.count <= 128)
          #expect(python.frames(of: thread.calls, in: memory).count <= 128)
        }
      }
    }
  }

  @Test func `a table of lines that ends early gives no line`() {
    #expect(PythonProcess.line(at: 0, first: 3, table: []) == nil)
    // A jump whose number goes on after the end.
    #expect(PythonProcess.line(at: 8, first: 3, table: [0xe8, 0x7f, 0x7f]) == nil)
    // Two instructions in line 4, one without a line.
    let table: [UInt8] = [0xd9, 0, 0, 0xf8]
    #expect(PythonProcess.line(at: 2, first: 3, table: table) == 4)
    #expect(PythonProcess.line(at: 4, first: 3, table: table) == nil)
  }

  @Test func `a CPython that does not describe itself as expected is not read`() {
    var words = [UInt64](repeating: 8, count: 73)
    words[0] = 0x7970_6775_6265_6478
    words[2] = 1
    func memory() -> StoredMemory {
      StoredMemory(words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } })
    }
    let what = "CPython's description of itself"
    #expect(throws: DecodeError.badField(table: what, field: "free_threaded", text: "1")) {
      try PythonLayout.described(at: 0, in: memory())
    }
    words[2] = 0
    words[40] = 1 << 40
    #expect(throws: DecodeError.badField(table: what, field: "offset", text: "\(1 << 40)")) {
      try PythonLayout.described(at: 0, in: memory())
    }
    #expect(throws: DecodeError.truncated(what: what, needed: 584, got: 0)) {
      try PythonLayout.described(at: 8, in: memory())
    }
  }
}
