// SPDX-License-Identifier: Apache-2.0

import CTrace
import KernelTables
import Tracing

/// What the programs in the kernel have told of sockets that are still there, with the stacks that
/// wait to be read. What is closed is forgotten: most stacks are never read at all.
struct EventBook {
  /// A stack that nobody has read yet.
  private struct Waiting {
    var event: closewatch_trace_event
    var stack: [UInt8]
    var interpreted: [StackFrame]
    var arrived: Double
  }

  private(set) var sightings: [UInt64: SocketSighting] = [:]
  /// Stacks that could not be read.
  private(set) var unread: UInt64 = 0
  private var waiting: [Int: Waiting] = [:]
  private var eventsOf: [UInt64: [Int]] = [:]
  private var newest = 0

  /// Of stacks in memory: 70 MB.
  private static let mostWaiting = 4096
  /// So many are read together: reading begins with opening files.
  private static let batchSize = 1024
  /// Most sockets are closed sooner than this after their end, and are never of interest.
  private static let patienceSeconds = 2.0

  /// - Parameter interpreted: What an interpreter was doing.
  mutating func take(_ event: KernelEvent, interpreted: [StackFrame], at now: Double) {
    let head = event.head
    if head.kind == closewatch_trace_gone.rawValue { return forget(head.cookie) }
    var sighting = sightings[head.cookie] ?? SocketSighting()
    switch head.kind {
    case closewatch_trace_connect.rawValue: sighting.opening = .connected
    case closewatch_trace_accept.rawValue: sighting.opening = .accepted
    case closewatch_trace_end.rawValue:
      sighting.end = .init(
        errno: -head.result, path: nil, thread: Int32(bitPattern: head.thread),
        process: Int32(bitPattern: head.process))
    case closewatch_trace_read.rawValue: sighting.wasRead = true
    default: return
    }
    sightings[head.cookie] = sighting
    guard let stack = event.stack else { return }
    guard waiting.count < Self.mostWaiting else {
      unread += 1
      return
    }
    newest += 1
    waiting[newest] = Waiting(event: head, stack: stack, interpreted: interpreted, arrived: now)
    eventsOf[head.cookie, default: []].append(newest)
  }

  /// Whether stacks of a socket are still to be read.
  func isWaiting(_ cookie: UInt64) -> Bool { eventsOf[cookie]?.isEmpty == false }

  private mutating func forget(_ cookie: UInt64) {
    sightings[cookie] = nil
    for number in eventsOf.removeValue(forKey: cookie) ?? [] { waiting[number] = nil }
  }

  /// Forgets the stacks of a process that has ended: nobody can read them any more.
  mutating func forgetStacks(of process: Int32) {
    for (number, stop) in waiting where Int32(bitPattern: stop.event.process) == process {
      waiting[number] = nil
      eventsOf[stop.event.cookie]?.removeAll { $0 == number }
      unread += 1
    }
  }

  /// Adds what is known of a socket from elsewhere.
  mutating func amend(_ cookie: UInt64, _ change: (inout SocketSighting) -> Void) {
    change(&sightings[cookie, default: SocketSighting()])
  }

  /// Forgets all but these.
  mutating func keep(_ cookies: Set<UInt64>) {
    for cookie in Array(sightings.keys) where !cookies.contains(cookie) { forget(cookie) }
  }

  /// Stacks to read while the watch goes on: there are many, and their sockets have stayed.
  func batch(at now: Double) -> StackReader.Batch? {
    guard waiting.count > Self.batchSize else { return nil }
    return batch { now - $0.arrived > Self.patienceSeconds }
  }

  /// Stacks of these sockets to read, of none of these processes; nil when all are.
  func batch(of cookies: Set<UInt64>, besides processes: Set<Int32>) -> StackReader.Batch? {
    batch {
      cookies.contains($0.event.cookie)
        && !processes.contains(Int32(bitPattern: $0.event.process))
    }
  }

  /// Stacks to read; nil when all are.
  func lastBatch() -> StackReader.Batch? { batch { _ in true } }

  private func batch(of isWanted: (Waiting) -> Bool) -> StackReader.Batch? {
    let numbers = waiting.filter { isWanted($0.value) }.keys.sorted()
    guard let first = numbers.first, let process = waiting[first]?.event.process else { return nil }
    let chosen = numbers.lazy.filter { waiting[$0]?.event.process == process }
      .prefix(Self.batchSize)
    return StackReader.Batch(
      process: Int32(bitPattern: process),
      stacks: chosen.map { ($0, waiting[$0]?.stack ?? []) })
  }

  /// Notes what was read of a batch. What was not stays unknown: it is not tried again.
  mutating func note(_ named: NamedStacks, of batch: StackReader.Batch) {
    for (index, stack) in batch.stacks.enumerated() {
      guard let event = waiting.removeValue(forKey: stack.event) else { continue }
      let cookie = event.event.cookie
      eventsOf[cookie]?.removeAll { $0 == stack.event }
      let native = index < named.stacks.count ? named.stacks[index] : []
      if index >= named.stacks.count { unread += 1 }
      guard let path = Self.path(native, event.interpreted), var sighting = sightings[cookie] else {
        continue
      }
      switch event.event.kind {
      case closewatch_trace_end.rawValue: sighting.end?.path = path
      case closewatch_trace_read.rawValue: sighting.lastRead = path
      default: sighting.opener = path
      }
      sightings[cookie] = sighting
    }
  }

  /// Calls of an interpreter stand between what its innermost one has called and the interpreter's
  /// own code.
  static func path(_ native: [StackFrame], _ interpreted: [StackFrame]) -> CodePath? {
    guard !interpreted.isEmpty else { return CodePath(native) }
    // The interpreter's are known to the last.
    let machinery = native.dropFirst().filter { $0 != .beyondCopy }.map { frame in
      var frame = frame
      frame.isOwn = false
      return frame
    }
    // Of a stack that was cut it lies behind all of it.
    let evaluation =
      machinery.firstIndex { $0.function?.hasPrefix("_PyEval_") == true } ?? machinery.endIndex
    return CodePath(
      native.prefix(1) + machinery[..<evaluation] + interpreted + machinery[evaluation...])
  }
}
