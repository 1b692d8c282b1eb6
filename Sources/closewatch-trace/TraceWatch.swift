// SPDX-License-Identifier: Apache-2.0

import CTrace
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Tracing

/// One watch from its beginning to its end: the program in a few steps.
struct TraceWatch {
  private let target: TriageTarget
  private let probe: KernelProbe
  private var look = StuckLook()
  private var processes: [Int32: WatchedProcess] = [:]
  /// All that were watched, also those that have ended.
  private var known: [ProcessRecord] = []
  /// Newcomers that are not watched, and why.
  private var unwatched: [ProcessID: HostError] = [:]
  /// Set once no process is left.
  private var gone: TraceOutcome.EarlyEnd?
  private var cgroup: String?
  private var book = EventBook()
  private let reader = StackReader()
  private var stuckBefore: Set<UInt64> = []
  private var asking: RuntimeAsking

  /// CLOSE_WAIT for less is a connection whose end somebody is just reading.
  static let graceSeconds = 1.0
  /// How often a unit is asked for processes that it has started since.
  private static let rescanSeconds = 1.0
  /// For reading stacks after the watch.
  private static let readingSeconds = 30.0

  /// - Throws: ``HostError`` when there is no such target, or the kernel does not let us.
  init(
    _ target: TriageTarget, tellsAccepts: Bool, asking: RuntimeAsking
  ) throws(HostError) {
    self.target = target
    self.asking = asking
    try StuckLook.requireKernelsNumbers()
    do throws(BPFRefusal) {
      probe = try KernelProbe(tellsAccepts: tellsAccepts)
    } catch {
      throw error.error
    }
    let found = try look.processes(of: target)
    if case .name(let name) = target { cgroup = found.first { $0.isOf(unit: name) }?.cgroup }
    for record in found {
      try watch(record)
      if let process = processes[record.id.pid] { self.asking.begin(process) }
    }
    guard !processes.isEmpty, let stuck = try stuckNow() else {
      throw HostError("the target ended while it was looked for")
    }
    stuckBefore = Set(stuck.values.compactMap(\.cookie))
  }

  /// What runtimes were not asked and which processes were not watched, and why.
  var remarks: [String] {
    guard let reason = unwatched.values.first else { return asking.remarks }
    return asking.remarks + ["\(unwatched.count) new processes were not watched: \(reason)"]
  }

  /// Whether every system call of the host is looked at.
  var looksAtEveryCall: Bool { probe.looksAtEveryCall }

  /// Watches, looks, reads and tells.
  mutating func run(forSeconds seconds: Double) throws(HostError) -> TraceOutcome {
    let began = Clock.monotonicSeconds
    let early = try follow(until: began + seconds)
    var stuck = try lastLook()
    let watched = Clock.monotonicSeconds - began
    try take(milliseconds: 0)
    for index in stuck.indices {
      stuck[index].wasStuckBefore = stuck[index].cookie.map(stuckBefore.contains) ?? false
    }
    readStacks(of: stuck)
    asking.finish(Array(processes.values), of: stuck, &book) { pid throws(HostError) in
      try look.listening(pid)
    }
    var outcome = TraceOutcome(
      // As it is written: a replay says the same.
      target: described, watchedSeconds: (watched * 1000).rounded() / 1000,
      accepted: looksAtEveryCall ? Int(clamping: probe.count(closewatch_trace_accepted)) : nil,
      connected: Int(clamping: probe.count(closewatch_trace_connected)),
      closed: Int(clamping: probe.count(closewatch_trace_closed)), stuck: stuck)
    outcome.earlyEnd = gone ?? early
    outcome.sightings = book.sightings
    outcome.loss = loss
    return outcome
  }

  /// What is stuck, by inode; nil when no process is left.
  private mutating func stuckNow() throws(HostError) -> [UInt64: StuckSocket]? {
    while gone == nil {
      let asked = Set(processes.values.map(\.record.id))
      do throws(HostError) {
        return try look.stuck(of: asked)
      } catch {
        // One that has ended meanwhile cannot be looked at.
        try dropEnded()
        if processes.count == asked.count { throw error }
      }
    }
    return nil
  }

  /// What stays stuck after the watch; of a target that is gone, nothing.
  private mutating func lastLook() throws(HostError) -> [StuckSocket] {
    guard let first = try stuckNow() else { return [] }
    _ = try follow(until: Clock.monotonicSeconds + Self.graceSeconds)
    guard let second = try stuckNow() else { return [] }
    let stuck = second.filter { first[$0.key] != nil }.map(\.value)
    // Of one that ended meanwhile nothing was found, be there what there may.
    if stuck.isEmpty { try dropEnded() }
    return gone == nil ? stuck : []
  }

  private var described: TraceTarget {
    var unit: String?
    if case .name(let name) = target { unit = known.first { $0.isOf(unit: name) }?.unit }
    return TraceTarget(
      unit: unit,
      processes: known.map { .init(pid: $0.id.pid, command: $0.command, main: $0.mainName) }
        .sorted { $0.pid < $1.pid })
  }

  private var loss: TraceLoss {
    var loss = probe.loss
    loss.unread = book.unread
    return loss
  }

  private mutating func watch(_ record: ProcessRecord) throws(HostError) {
    guard processes[record.id.pid] == nil, let process = WatchedProcess(record) else { return }
    try probe.watch(record.id.pid, layout: process.interpreter?.layout ?? [])
    processes[record.id.pid] = process
    known.removeAll { $0.id.pid == record.id.pid }
    known.append(record)
  }

  /// Forgets those that have ended, whose numbers can become others', and those that execute
  /// another program, whose stacks cannot be read any more. A unit's may be watched anew.
  private mutating func dropEnded() throws(HostError) {
    let ended = processes.filter { !$0.value.isAlive || $0.value.hasExecuted }
    guard !ended.isEmpty else { return }
    try take(milliseconds: 0)
    for pid in ended.keys {
      processes[pid] = nil
      probe.forget(pid)
      book.forgetStacks(of: pid)
    }
    let isExecuted = ended.values.contains(where: \.isAlive)
    if isExecuted { watchNewcomers() }
    if processes.isEmpty { gone = isExecuted ? .otherProgram : .targetEnded }
  }

  /// Takes events until then.
  ///
  /// - Returns: Why it ended before.
  private mutating func follow(until end: Double) throws(HostError) -> TraceOutcome.EarlyEnd? {
    var rescan = Clock.monotonicSeconds
    while Clock.monotonicSeconds < end {
      try take(milliseconds: 50)
      if StopSignal.hasCome { return .interrupted }
      guard Clock.monotonicSeconds >= rescan else { continue }
      rescan = Clock.monotonicSeconds + Self.rescanSeconds
      try dropEnded()
      if let gone { return gone }
      watchNewcomers()
    }
    return nil
  }

  private mutating func take(milliseconds: Int32) throws(HostError) {
    var events: [KernelEvent] = []
    try probe.poll(milliseconds: milliseconds) { events.append($0) }
    let now = Clock.monotonicSeconds
    for event in events {
      let process = processes[Int32(bitPattern: event.head.process)]
      let frames = event.stack.flatMap { process?.interpretedFrames($0) } ?? []
      book.take(event, interpreted: frames, at: now)
    }
    if let (batch, named) = reader.finish(waiting: 0) { book.note(named, of: batch) }
    if !reader.isBusy, let batch = book.batch(at: now) { begin(batch) }
  }

  private mutating func begin(_ batch: StackReader.Batch) {
    // The number of one that has ended can be another's.
    if processes[batch.process] != nil, reader.begin(batch) { return }
    book.note(NamedStacks([], count: 0, isWhole: true), of: batch)
  }

  /// A unit's new processes, as its cgroup lists them.
  private mutating func watchNewcomers() {
    guard let cgroup,
      let bytes = try? readFile("/sys/fs/cgroup\(cgroup)/cgroup.procs", limit: 1 << 16)
    else { return }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let pid = Int32(String(decoding: line, as: UTF8.self)), processes[pid] == nil,
        var record = ProcessRecord(ofNow: pid),
        unwatched[record.id] == nil
      else { continue }
      record.unit = known.lazy.compactMap(\.unit).first
      do throws(HostError) {
        try watch(record)
      } catch {
        unwatched[record.id] = error
      }
    }
  }

  /// Reads what is still wanted, and nothing of a socket that is not stuck.
  private mutating func readStacks(of stuck: [StuckSocket]) {
    let cookies = Set(stuck.compactMap(\.cookie))
    book.keep(cookies)
    for cookie in cookies where book.sightings[cookie]?.end == nil {
      guard let read = probe.newestRead(of: cookie) else { continue }
      let process = processes[Int32(bitPattern: read.head.process)]
      let frames = read.stack.flatMap { process?.interpretedFrames($0) } ?? []
      book.take(read, interpreted: frames, at: Clock.monotonicSeconds)
    }
    let deadline = Clock.monotonicSeconds + Self.readingSeconds
    while Clock.monotonicSeconds < deadline {
      if let (batch, named) = reader.finish(waiting: 100) { book.note(named, of: batch) }
      if reader.isBusy { continue }
      guard let batch = book.lastBatch() else { return }
      begin(batch)
    }
  }
}
