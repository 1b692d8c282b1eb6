// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import TestSupport
import Testing

/// The daemon reads what an eye says as it reads bytes of a stranger. Here a stranger says it: over
/// a copy of the eye's end of their socket, in the place of an eye that is stopped.
@Suite(.requires(.root, .networkNamespaces)) struct ForgedAnswerTests {
  enum Forgery: String, CaseIterable {
    case halfAFrame, noise, noBody, bodyThatCanChange, emptyAnswer, answerToAnother, question
  }

  /// A copy of an eye's end, of which the daemon has the other.
  private func end(of eye: Int32) throws -> Int32 {
    let process = closewatch_pidfd_open(eye)
    defer { close(process) }
    for fd in 0..<Int32(64) {
      let copy = closewatch_pidfd_getfd(process, fd)
      if copy < 0 { continue }
      var kind: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      // The only one of its kind: what eyes read from the kernel comes over SOCK_RAW.
      if getsockopt(copy, SOL_SOCKET, SO_TYPE, &kind, &size) == 0,
        kind == Int32(SOCK_SEQPACKET.rawValue)
      {
        return copy
      }
      close(copy)
    }
    throw ChildProgram.Failure("no socket of process \(eye) leads to the daemon")
  }

  private func send(_ forgery: Forgery, after question: [UInt8], over socket: Int32) {
    var memory = closewatch_shared_memory()
    defer { close(memory) }
    var frame = question
    // The kind: 1 is a question, 2 an answer. The number of the question follows.
    frame[6] = 2
    ftruncate(memory, 4096)
    closewatch_seal(memory)
    var count: Int32 = 1
    switch forgery {
    case .halfAFrame: frame.removeLast(frame.count / 2)
    case .noise: frame = frame.map { $0 ^ 0x5a }
    case .noBody: count = 0
    case .bodyThatCanChange:
      close(memory)
      memory = closewatch_shared_memory()
      ftruncate(memory, 4096)
    case .emptyAnswer: break
    case .answerToAnother: frame[8] &+= 1
    case .question: frame[6] = 1
    }
    _ = closewatch_send(socket, frame, UInt(frame.count), &memory, count)
  }

  @Test(arguments: Forgery.allCases)
  func `an eye that answers nonsense is replaced at once, and nothing is lost`(
    _ forgery: Forgery
  ) throws {
    try Lab.with("close-wait", count: 40) { lab in
      let daemon = try RunningDaemon(
        settings: [
          "sampling.interval=200ms", "sampling.full-interval=400ms", "sampling.cpu-budget=100%",
        ], web: ["--web.listen-address", "127.0.0.1:0"])
      let line = try daemon.waitFor("listening on 127.0.0.1:")
      let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
      try daemon.waitFor("watching")

      let eye = try #require(ChildProcesses.eyes(of: daemon.pid).first)
      kill(eye, SIGSTOP)
      let socket = try end(of: eye)
      defer { close(socket) }
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      try #require(poll(&waiting, 1, 1500) == 1, "the daemon asks nothing")
      var question = [UInt8](repeating: 0, count: 64)
      var body: Int32 = -1
      var count: Int32 = 1
      let size = closewatch_receive(socket, &question, 64, &body, &count, 0)
      close(body)
      try #require(size == 24 && count == 1 && question[6] == 1)
      send(forgery, after: Array(question[..<24]), over: socket)

      for _ in 0..<100 where ChildProcesses.eyes(of: daemon.pid).contains(eye) { usleep(20_000) }
      #expect(!ChildProcesses.eyes(of: daemon.pid).contains(eye))
      try daemon.waitForLooks(3, port: port)
      let client = try WebClient(port: port)
      client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      let page = try #require(client.answer())
      #expect(page.number("closewatch_sockets{netns_class=\"other\",state=\"close_wait\"}") >= 40)
      // It was not taken for one that hangs, which would have cost seconds.
      #expect(page.number("closewatch_gaps{kind=\"call-stuck\"}") == 0)
      #expect(page.number("closewatch_sample_failures_total") == 0)
      withExtendedLifetime(lab.pid) {}
      #expect(daemon.stop().status == 0)
    }
  }
}

extension WebClient.Answer {
  /// The newest number of a series; -1 when there is none.
  fileprivate func number(_ series: String) -> Double {
    text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
      .flatMap { Double($0.dropFirst(series.count + 1)) } ?? -1
  }
}

extension RunningDaemon {
  /// Waits until it has taken so many more looks.
  fileprivate func waitForLooks(_ count: Double, port: UInt16) throws {
    var first: Double?
    for _ in 0..<500 {
      let client = try WebClient(port: port)
      client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      let now = client.answer()?.number("closewatch_samples_total{kind=\"full\"}") ?? 0
      if now >= (first ?? now) + count { return }
      first = first ?? now
      usleep(20_000)
    }
    throw ChildProgram.Failure("it does not look any more")
  }
}
