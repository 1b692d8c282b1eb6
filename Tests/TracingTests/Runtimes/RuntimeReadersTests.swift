// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Tracing

@Suite struct RuntimeReadersTests {
  @Test(.requires(.command("go")))
  func `a stripped Go program's code is named, and which of it is its own`() throws {
    let program = try GoProgram("frames.go")
    let namer = try #require(RuntimeReaders.namer(for: try codeFile(program.path)))
    let text = try #require(program.file.section(".text"))
    var own: Set<String> = []
    for pc in stride(from: text.address, to: text.address + text.size, by: 311) {
      // Between functions there is filling, in which no thread can be.
      let frames = namer.frames(at: pc).filter { $0.isOwn && $0.line != nil }
      own.formUnion(frames.compactMap(\.function))
    }
    #expect(own.contains("main.main"))
    #expect(own.filter { !$0.hasPrefix("main.") } == [])
  }

  @Test(.requires(.command("python3"))) func `a program that is neither has no reader`() throws {
    let file = try codeFile("/proc/self/exe")
    #expect(RuntimeReaders.namer(for: file) == nil)
    #expect(RuntimeReaders.interpreter(of: [file], in: NoMemory()) == nil)
    let text = CodeFile(path: "python", size: 3, bias: 0) { _, count in
      [UInt8](repeating: 0x7f, count: count)
    }
    #expect(RuntimeReaders.namer(for: text) == nil)
    #expect(RuntimeReaders.interpreter(of: [text], in: NoMemory()) == nil)
  }

  @Test(.requires(.command("python3")))
  func `a CPython whose version is not known is said to be that`() throws {
    let (child, _) = try PythonProgram.start(try #require(PythonProgram.known.first))
    let file = try codeFile(try #require(PythonProgram.file(in: child.pid)))
    let lack = try #require(RuntimeReaders.lack(of: [file], in: NoMemory()))
    #expect(lack.hasPrefix("CPython: version is not readable: 'older than 3.11'"))
    #expect(lack.hasSuffix("CPython 3.11, 3.12 and 3.13 are known"))
    #expect(RuntimeReaders.lack(of: [try codeFile("/proc/self/exe")], in: NoMemory()) == nil)
    child.send("end")
  }

  @Test(.requires(.root, .command("python3")), arguments: PythonProgram.known)
  func `a CPython is found among the files of a process`(path: String) throws {
    let (child, told) = try PythonProgram.start(path)
    let memory = LiveMemory(of: child.pid)
    let library = try #require(PythonProgram.file(in: child.pid))
    let bias = try #require(PythonProgram.bias(of: library, in: child.pid))
    let files = [try codeFile("/proc/self/exe"), try codeFile(library, bias: bias)]
    var reader = try #require(RuntimeReaders.interpreter(of: files, in: memory))
    #expect(reader.layout.count <= 32)
    // What the programs in the kernel do with the layout, done here.
    let layout = reader.layout
    func word(_ address: UInt64) -> UInt64 { memory.number(at: address) ?? 0 }
    let interpreter = word(layout[0])
    var thread = word(interpreter + layout[2])
    while thread != 0, told[word(thread + layout[4])] == nil { thread = word(thread + layout[3]) }
    let expected = try #require(told[word(thread + layout[4])])
    var call = word(thread + layout[5])
    if layout[6] == 1 { call = word(call + layout[7]) }
    var calls: [InterpretedCall] = []
    while call != 0 {
      calls.append(
        InterpretedCall(code: word(call + layout[8]), instruction: word(call + layout[10])))
      call = word(call + layout[9])
    }
    let frames = reader.frames(of: calls, in: memory)
    #expect(
      frames.map { "\($0.function ?? "?") \($0.file ?? "?"):\($0.line ?? 0)" } == expected)
    #expect(frames.first?.isOwn == false)
    #expect(frames.contains { $0.function == "wait" && $0.isOwn })
    child.send("end")
  }

  @Test(.requires(.command("python3")), arguments: PythonProgram.known)
  func `how far a process has a file is told by any piece of it`(path: String) throws {
    let (child, _) = try PythonProgram.start(path)
    let library = try #require(PythonProgram.file(in: child.pid))
    let expected = try #require(PythonProgram.bias(of: library, in: child.pid))
    let file = try codeFile(library)
    let maps = String(decoding: readBytes("/proc/\(child.pid)/maps") ?? [], as: UTF8.self)
    let pieces = MappedCode.all(in: maps).filter { $0.path == library }
    #expect(!pieces.isEmpty)
    for piece in pieces {
      #expect(
        RuntimeReaders.bias(of: file, start: piece.start, offset: piece.offset) == expected)
    }
    #expect(RuntimeReaders.bias(of: file, start: 0, offset: 1 << 40) == nil)
    child.send("end")
  }

  private func codeFile(_ path: String, bias: UInt64 = 0) throws -> CodeFile {
    let bytes = StoredMemory(try #require(readBytes(path)))
    return CodeFile(path: path, size: UInt64(bytes.bytes.count), bias: bias) { offset, count in
      bytes.bytes(at: offset, count: count)
    }
  }
}

private struct NoMemory: ProcessMemory {
  func bytes(at address: UInt64, count: Int) -> [UInt8]? { nil }
}
