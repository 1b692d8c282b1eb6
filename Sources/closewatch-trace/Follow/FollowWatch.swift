// SPDX-License-Identifier: Apache-2.0

import CTrace
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Tracing

/// A watch of all that one process starts, for as long as somebody asks.
struct FollowWatch {
  private let probe: KernelProbe
  private var processes: FollowedProcesses
  private var book = EventBook()
  private let reader = StackReader()
  /// Whether what is being read turned out to be another program's.
  private var isMistaken = false
  private var lines = TraceTalk.Lines()
  private var sockets: [StuckSocket] = []
  /// The question that is to be answered; nil: none.
  private var number: Int?
  /// Of each socket that was asked for the newest read that was taken in.
  private var reads: [UInt64: [UInt8]] = [:]

  /// `run` asks for so many at a time.
  private static let mostSockets = 4096

  /// - Throws: ``HostError`` when the kernel does not let us.
  init(of ancestor: Int32) throws(HostError) {
    try StuckLook.requireKernelsNumbers()
    do throws(BPFRefusal) {
      probe = try KernelProbe(tellsAccepts: true, follows: true)
    } catch {
      throw HostError(error.words)
    }
    processes = FollowedProcesses(probe)
    try probe.watch(ancestor, layout: [])
  }

  /// Answers until nobody asks any more.
  mutating func run() throws {
    try say(.ready)
    while hear() {
      try take()
      processes.settle(at: Clock.monotonicSeconds)
      try readStacks()
      try answer()
      rest()
    }
  }

  private func say(_ answer: TraceTalk.Answer) throws { try StandardOutput.write(answer.line) }

  private func rest() {
    let seconds = processes.rest(at: Clock.monotonicSeconds)
    var waiting = [number == nil ? 0 : -1, probe.descriptor, reader.descriptor].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    poll(&waiting, nfds_t(waiting.count), Int32((seconds * 1000).rounded(.up)))
  }

  /// Takes in what is asked.
  ///
  /// - Returns: Whether there is still somebody who asks.
  private mutating func hear() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    // What comes after a question waits until that is answered.
    while number == nil {
      let got = recv(0, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if got < 0, errno == EINTR { continue }
      if got < 0, errno == EAGAIN { return true }
      guard got > 0, let heard = lines.take(bytes.prefix(got)) else { return false }
      for line in heard {
        switch TraceTalk.Question(line) {
        case .socket(let cookie, let unread) where sockets.count < Self.mostSockets:
          sockets.append(
            StuckSocket(
              cookie: cookie, state: unread.map { .closeWait(unread: $0) } ?? .dead,
              wasStuckBefore: false))
        case .answer(let asked): number = asked
        case .socket, nil: return false
        }
      }
    }
    return true
  }

  private mutating func take() throws(HostError) {
    var events: [KernelEvent] = []
    try probe.poll(milliseconds: 0) { events.append($0) }
    let now = Clock.monotonicSeconds
    for event in events {
      let pid = Int32(bitPattern: event.head.process)
      switch event.head.kind {
      case closewatch_trace_executed.rawValue:
        processes.execute(pid, at: now)
        book.forgetStacks(of: pid)
      case closewatch_trace_ended.rawValue:
        processes.end(pid)
        book.forgetStacks(of: pid)
      default: book.take(event, interpreted: interpreted(event), at: now)
      }
    }
  }

  private mutating func interpreted(_ event: KernelEvent) -> [StackFrame] {
    guard let stack = event.stack, WatchedProcess.hasCalls(stack) else { return [] }
    return processes.find(Int32(bitPattern: event.head.process))?.interpretedFrames(stack) ?? []
  }

  // MARK: Stacks

  private var wanted: Set<UInt64> {
    number == nil ? [] : Set(sockets.compactMap(\.cookie))
  }

  private mutating func readStacks() throws {
    if let (batch, named) = reader.finish(waiting: 0) {
      book.note(isMistaken ? NamedStacks([], count: 0, isWhole: true) : named, of: batch)
    }
    takeNewestReads()
    while !reader.isBusy,
      let batch = book.batch(of: wanted) ?? book.batch(at: Clock.monotonicSeconds)
    {
      try begin(batch)
    }
  }

  private mutating func begin(_ batch: StackReader.Batch) throws {
    guard let process = processes.find(batch.process), reader.begin(batch) else {
      return book.note(NamedStacks([], count: 0, isWhole: true), of: batch)
    }
    // If it has executed another program meanwhile, it is that one's files that were opened.
    try take()
    isMistaken = !processes.isKnown(process)
  }

  /// The last read of what has not ended is told by nobody.
  private mutating func takeNewestReads() {
    for cookie in wanted where book.sightings[cookie]?.end == nil {
      guard let read = probe.newestRead(of: cookie), let stack = read.stack,
        reads[cookie] != stack
      else { continue }
      reads[cookie] = stack
      book.take(read, interpreted: interpreted(read), at: Clock.monotonicSeconds)
    }
  }

  // MARK: Answers

  private mutating func answer() throws {
    guard let asked = number, !reader.isBusy else { return }
    for socket in sockets {
      guard let cookie = socket.cookie else { continue }
      let sighting = book.sightings[cookie]
      try say(
        .place(
          cookie: cookie, TraceReport.place(of: socket, sighting, loss),
          isFinal: sighting?.end != nil))
    }
    let unfollowed = probe.count(closewatch_trace_unfollowed)
    try say(.answered(number: asked, unfollowed: Int(clamping: unfollowed)))
    (number, sockets) = (nil, [])
    reads = reads.filter { book.sightings[$0.key] != nil }
  }

  /// A stack that could not be read is missed of its own socket only, where it shows.
  private var loss: TraceLoss {
    var loss = TraceLoss()
    loss.lost = probe.count(closewatch_trace_lost)
    loss.interrupted = probe.missed
    loss.refused = probe.count(closewatch_trace_refused)
    loss.skipped = probe.count(closewatch_trace_skipped)
    return loss
  }
}
