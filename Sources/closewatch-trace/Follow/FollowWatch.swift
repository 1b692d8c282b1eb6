// SPDX-License-Identifier: Apache-2.0

import CTrace
import Console
import Diagnosis
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
  private var readings = (0..<readersMost).map { _ in Reading() }
  private var lines = TraceTalk.Lines()
  private var sockets: [StuckSocket] = []
  /// The question that is to be answered; nil: none.
  private var number: Int?
  /// Of each socket that was asked for the newest read that was taken in.
  private var reads: [UInt64: [UInt8]] = [:]

  /// Stacks of one process, being read.
  private struct Reading {
    let reader = StackReader()
    var process: Int32 = 0
    /// Whether the files turned out to be another program's.
    var isMistaken = false
  }

  /// Many tests that end at once are read at once: each reading begins with opening files.
  private static let readersMost = 4
  /// Sockets that were closed a short while ago: a question for them came too late.
  private var closed: (newer: Set<UInt64>, older: Set<UInt64>) = ([], [])

  /// `run` asks for so many at a time.
  private static let mostSockets = 4096
  private static let mostClosed = 8192

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
    let descriptors =
      [number == nil ? 0 : -1, probe.descriptor] + readings.map(\.reader.descriptor)
    var waiting = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
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
      case closewatch_trace_gone.rawValue where book.sightings[event.head.cookie] != nil:
        noteClosed(event.head.cookie)
        book.take(event, interpreted: [], at: now)
      default: book.take(event, interpreted: interpreted(event), at: now)
      }
    }
  }

  private mutating func noteClosed(_ cookie: UInt64) {
    if closed.newer.count >= Self.mostClosed { closed = ([], closed.newer) }
    closed.newer.insert(cookie)
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
    for reading in readings {
      guard let (batch, named) = reading.reader.finish(waiting: 0) else { continue }
      book.note(reading.isMistaken ? Self.nothing : named, of: batch)
    }
    takeNewestReads()
    while let free = readings.firstIndex(where: { !$0.reader.isBusy }) {
      let busy = Set(readings.filter(\.reader.isBusy).map(\.process))
      guard
        let batch = book.batch(of: wanted, besides: busy)
          ?? (busy.isEmpty ? book.batch(at: Clock.monotonicSeconds) : nil)
      else { return }
      try begin(batch, free)
    }
  }

  private mutating func begin(_ batch: StackReader.Batch, _ index: Int) throws {
    guard let process = processes.find(batch.process), readings[index].reader.begin(batch) else {
      return book.note(Self.nothing, of: batch)
    }
    readings[index].process = batch.process
    // If it has executed another program meanwhile, it is that one's files that were opened.
    try take()
    readings[index].isMistaken = !processes.isKnown(process)
  }

  private static var nothing: NamedStacks { NamedStacks([], count: 0, isWhole: true) }

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
    guard let asked = number else { return }
    let known = sockets.filter { $0.cookie.map(book.isWaiting) == false }
    sockets.removeAll { $0.cookie.map(book.isWaiting) == false }
    for socket in known {
      guard let cookie = socket.cookie else { continue }
      let sighting = book.sightings[cookie]
      let isLate = closed.newer.contains(cookie) || closed.older.contains(cookie)
      let place =
        isLate
        ? CodePlace(unknownBecause: "it was closed before the trace could look")
        // A stack that could not be read is missed of its own socket only, where it shows.
        : TraceReport.place(of: socket, sighting, probe.loss)
      try say(.place(cookie: cookie, place, isFinal: isLate || sighting?.end != nil))
    }
    guard sockets.isEmpty else { return }
    let unfollowed = probe.count(closewatch_trace_unfollowed)
    try say(.answered(number: asked, unfollowed: Int(clamping: unfollowed)))
    number = nil
    reads = reads.filter { book.sightings[$0.key] != nil }
  }

}
