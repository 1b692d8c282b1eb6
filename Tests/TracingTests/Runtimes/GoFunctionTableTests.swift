// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@testable import Tracing

@Suite struct GoFunctionTableTests {
  /// How `go build` calls what it can make.
  enum Build: String, CaseIterable {
    case plain = "exe"
    case positionIndependent = "pie"
  }

  @Test(.requires(.command("go")), arguments: Build.allCases)
  func `a stripped program's code has the names that its own runtime gives it`(
    build: Build
  ) throws {
    let program = try GoProgram("frames.go", mode: build.rawValue)
    let file = program.file
    #expect(file.section(".symtab") == nil)
    let table = try #require(try GoFunctionTable.find(in: file, memory: file))
    let text = try #require(file.section(".text"))
    let child = try ChildProgram(program.path, [])
    // What answers has been loaded.
    child.send("0")
    _ = try child.readLine()
    let bias = try program.bias(of: child.pid)
    var compared = 0
    var inlined = 0
    for pc in stride(from: text.address, to: text.address + text.size, by: 1_499) {
      child.send(String(pc + bias, radix: 16))
      let answer = try #require(try child.readLine()).split(separator: "\t").map(String.init)
      let frames = table.frames(at: pc)
      // Up to Go 1.20 it tells only the innermost call.
      for (frame, expected) in zip(frames, answer) {
        let place = "\(frame.file ?? "?"):\(frame.line ?? 0)"
        #expect("\(frame.function ?? "?") \(place)" == expected)
        compared += 1
      }
      #expect(frames.count >= answer.count)
      if frames.count > 1 { inlined += 1 }
    }
    #expect(compared > 200)
    #expect(inlined > 20)
  }

  @Test(.requires(.command("go"), .command("gzip")))
  func `a table of Go 1.15 is read`() throws {
    let root = try #require(try ChildProgram.run("go", ["env", "GOROOT"]).lines.first)
    let folder = TemporaryDirectory()
    let packed = "\(root)/src/debug/gosym/testdata/pcln115.gz"
    let unpacked = try ChildProgram.run(
      "sh", ["-c", "gzip -dc '\(packed)' > '\(folder.path)/pcln'"])
    #expect(unpacked.status == 0)
    let bytes = try #require(folder.read("pcln"))
    let table = try GoFunctionTable(at: 0, in: StoredMemory(bytes))
    #expect(table.layout == .go1_2)
    var found: [String: [StackFrame]] = [:]
    var named: UInt64 = 0
    for index in 0..<table.count {
      guard let start: UInt64 = table.memory.number(at: 16 + index * 16) else { continue }
      let frames = table.frames(at: start)
      guard let name = frames.last?.function else { continue }
      found[name] = frames
      named += 1
    }
    #expect(named == table.count)
    let main = try #require(found["main.main"]?.last)
    #expect(main.file == "/tmp/hello.go")
    #expect(main.line == 3)
  }

  @Test(.requires(.command("go")))
  func `no table that ends early, and none with wrong bytes, does any harm`() throws {
    let program = try GoProgram("frames.go")
    let file = program.file
    let whole = try #require(readBytes(program.path))
    let section = try #require(file.section(".gopclntab"))
    let text = try #require(file.section(".text"))
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var bytes = whole
      let start = Int(section.offset)
      // The header and the first of each part are where a wrong byte leads furthest.
      for _ in 0..<8 {
        let reach = [96, 4096, Int(section.size)].randomElement(using: &random) ?? 96
        bytes[start + 8 + Int.random(in: 0..<(reach - 8))] = UInt8.random(in: 0...255)
      }
      if Bool.random() { bytes.removeSubrange((start + Int.random(in: 8..<4096))...) }
      guard let file = try? ELFFile(StoredMemory(bytes)) else { continue }
      let table = try? GoFunctionTable(at: section.address, in: file)
      for _ in 0..<5 {
        let pc = UInt64.random(in: text.address..<(text.address + text.size))
        #expect((table?.frames(at: pc).count ?? 0) <= 64)
      }
    }
  }

  @Test func `what is no table of Go is said to be none`() {
    let wrong = DecodeError.badField(
      table: "a Go function table", field: "header", text: "7f 45 4c 46 2 1 1 0")
    #expect(throws: wrong) {
      try GoFunctionTable(at: 0, in: StoredMemory([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]))
    }
    let short = DecodeError.truncated(what: "a Go function table", needed: 8, got: 0)
    #expect(throws: short) { try GoFunctionTable(at: 0, in: StoredMemory([0xf1, 0xff])) }
    let small = DecodeError.badField(table: "a Go function table", field: "pointer size", text: "4")
    #expect(throws: small) {
      try GoFunctionTable(at: 0, in: StoredMemory([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 4]))
    }
  }
}
