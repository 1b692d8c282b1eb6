// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import Testing

@testable import LinuxHost

/// What an eye and whoever asks it say to each other, and what is not taken for it.
@Suite struct EyeMessageTests {
  private final class Pair {
    let near: Int32
    let far: Int32

    init() {
      var ends: [Int32] = [-1, -1]
      let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      socketpair(AF_UNIX, kind, 0, &ends)
      (near, far) = (ends[0], ends[1])
    }

    deinit {
      close(near)
      close(far)
    }
  }

  /// What comes of a message; nil: one came.
  private func trouble(_ pair: Pair) -> String? {
    do throws(EyeMessage.Trouble) {
      let message = try EyeMessage(over: pair.far, waits: false)
      return message.id == 0 ? "without a number" : nil
    } catch {
      switch error {
      case .nothing: return "nothing"
      case .closed: return "closed"
      case .garbage(let what): return "garbage: \(what)"
      }
    }
  }

  @Test func `a message arrives with its number, its cost and its body`() throws {
    let pair = Pair()
    let long = String(repeating: "long ", count: 50_000)
    try EyeMessage.send(.failure, 42, over: pair.near, processorNanoseconds: 7) { $0.put(long) }
    let message = try EyeMessage(over: pair.far, waits: true)
    #expect(message.kind == .failure)
    #expect(message.id == 42)
    #expect(message.processorNanoseconds == 7)
    let text = try message.read { reader throws(DecodeError) in try reader.getText() }
    #expect(text == long)
  }

  @Test func `an end, and nothing at all, are told apart`() {
    let pair = Pair()
    #expect(trouble(pair) == "nothing")
    shutdown(pair.near, Int32(SHUT_WR))
    #expect(trouble(pair) == "closed")
  }

  @Test(arguments: [1, 23, 24, 25, 4096])
  func `a frame of another size, or without a body, is garbage`(_ size: Int) throws {
    let pair = Pair()
    let bytes = [UInt8](repeating: 0x79, count: size)
    closewatch_send(pair.near, bytes, UInt(size), nil, 0)
    #expect(try #require(trouble(pair)).hasPrefix("garbage"))
  }

  @Test func `a body that its sender can still change is not read`() throws {
    let pair = Pair()
    let memory = closewatch_shared_memory()
    defer { close(memory) }
    ftruncate(memory, 100)
    let frame = [UInt8](repeating: 0, count: 24)
    closewatch_send(pair.near, frame, 24, [memory], 1)
    #expect(trouble(pair) == "garbage: a body that can change")
  }

  @Test func `another version of the frame is garbage`() throws {
    let pair = Pair()
    let memory = closewatch_shared_memory()
    defer { close(memory) }
    ftruncate(memory, 100)
    closewatch_seal(memory)
    var frame = [UInt8](repeating: 0, count: 24)
    frame.replaceSubrange(0..<8, with: [0x79, 0x65, 0x77, 0x63, 1, 0, 1, 0])
    closewatch_send(pair.near, frame, 24, [memory], 1)
    #expect(try #require(trouble(pair)).contains("version"))
  }

  @Test func `a question of any kind arrives as it was sent`() throws {
    let pair = Pair()
    var row = SocketRow()
    row.cookie = 9
    row.namespace = NetnsID(rawValue: 4)
    let holder = SocketHolder(inode: 3, process: ProcessID(pid: 1, startTicks: 2), fd: 5)
    let target = SocketRelease.Target(row: row, holders: [holder])
    try EyeMessage.send(.question, 1, over: pair.near) {
      EyeQuestion.release([target, target]).write(to: &$0)
    }
    let message = try EyeMessage(over: pair.far, waits: true)
    let question = try message.read { reader throws(DecodeError) in
      try EyeQuestion(from: &reader)
    }
    guard case .release(let came) = question else {
      Issue.record("it is \(question)")
      return
    }
    #expect(came == [target, target])

    let process = ProcessID(pid: 7, startTicks: 8)
    try EyeMessage.send(.question, 2, over: pair.near) {
      EyeQuestion.overlays([process], by: BootInstant(nanoseconds: 9)).write(to: &$0)
    }
    let next = try EyeMessage(over: pair.far, waits: true)
    let overlays = try next.read { reader throws(DecodeError) in
      try EyeQuestion(from: &reader)
    }
    guard case .overlays(let processes, let deadline) = overlays else {
      Issue.record("it is \(overlays)")
      return
    }
    #expect(processes == [process])
    #expect(deadline == BootInstant(nanoseconds: 9))
  }

  @Test func `runtimes arrive with what was not read, and no other words do`() throws {
    var sent = OverlayRuntimes()
    sent.found = [
      (ProcessID(pid: 7, startTicks: 8), .go), (ProcessID(pid: 9, startTicks: 1), .rust),
    ]
    sent.gaps = [Gap(.runtimeUnread, count: 3, detail: "why")]
    var writer = WireWriter()
    sent.write(to: &writer)
    let read = { (bytes: [UInt8]) throws(DecodeError) in
      try WireReader.value(of: bytes) { reader throws(DecodeError) in
        try OverlayRuntimes(from: &reader)
      }
    }
    let came = try read(writer.bytes)
    #expect(came.found.map(\.process) == sent.found.map(\.process))
    #expect(came.found.map(\.runtime) == [.go, .rust])
    #expect(came.gaps == sent.gaps)
    for size in writer.bytes.indices {
      #expect(throws: DecodeError.self) { _ = try read(Array(writer.bytes.prefix(size))) }
    }
  }
}
