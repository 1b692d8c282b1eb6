// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import Tracing

/// The processes that a followed one has started, as far as something was to be known of them.
struct FollowedProcesses {
  private let probe: KernelProbe
  private var known: [Int32: WatchedProcess] = [:]
  /// Those that execute a program since a moment: its interpreter may not be mapped yet.
  private var young: [Int32: Youth] = [:]

  private struct Youth {
    var tries: Int
    var next: Double
  }

  /// When after the beginning of a program its interpreter is looked for. A program that starts
  /// slowly has it by the last.
  private static let delays = [0, 0.03, 0.1, 0.3, 1, 3.0]
  /// So many in one turn, so that events do not wait.
  private static let mostAtOnce = 4

  init(_ probe: KernelProbe) { self.probe = probe }

  /// Seconds until there is something to do.
  func rest(at now: Double) -> Double {
    young.values.reduce(1) { min($0, max(0, $1.next - now)) }
  }

  /// It executes another program: nothing that was known of it holds.
  mutating func execute(_ pid: Int32, at now: Double) {
    known[pid] = nil
    young[pid] = Youth(tries: 0, next: now + Self.delays[0])
  }

  mutating func end(_ pid: Int32) {
    known[pid] = nil
    young[pid] = nil
  }

  /// Looks for the interpreters of those that have just begun, so that their calls are read.
  mutating func settle(at now: Double) {
    let due = young.filter { $0.value.next <= now }.sorted { $0.value.next < $1.value.next }
    for (pid, youth) in due.prefix(Self.mostAtOnce) {
      young[pid] = nil
      guard let process = Self.process(pid) else { continue }
      if process.interpreter != nil {
        keep(process)
      } else if youth.tries + 1 < Self.delays.count {
        let delay = Self.delays[youth.tries + 1] - Self.delays[youth.tries]
        young[pid] = Youth(tries: youth.tries + 1, next: now + delay)
      }
    }
  }

  /// A process that has told something; nil when it has ended.
  mutating func find(_ pid: Int32) -> WatchedProcess? {
    if let process = known[pid], process.runsSameImage { return process }
    known[pid] = nil
    guard let process = Self.process(pid) else { return nil }
    keep(process)
    return process
  }

  /// Whether it is still the one that is known by its number.
  func isKnown(_ process: WatchedProcess) -> Bool {
    known[process.record.id.pid] === process && process.runsSameImage
  }

  private mutating func keep(_ process: WatchedProcess) {
    let pid = process.record.id.pid
    known[pid] = process
    if let layout = process.interpreter?.layout { probe.renew(pid, layout: layout) }
  }

  private static func process(_ pid: Int32) -> WatchedProcess? {
    ProcessRecord(ofNow: pid).flatMap { WatchedProcess($0) }
  }
}
