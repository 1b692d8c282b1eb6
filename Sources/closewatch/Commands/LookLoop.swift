// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings
import Synchronization

/// Looks at a machine again and again: on time on a live one, as fast as it goes on a recorded one.
struct LookLoop {
  /// What a turn says of a watch without a duration, which takes two looks at most.
  enum Second {
    /// To confirm what one look cannot.
    case atOnce
    /// A moment later: it shows what still moves.
    case later
    /// None: what was found would not change by it.
    case unneeded
  }

  /// What a watch ends with.
  struct Newest {
    var sample: Sample
    var watchedSeconds: Double
  }

  var host: any Host
  let request: SampleRequest
  let interval: TimeSpan
  /// nil: one look or two, as the turn says; of a recording, every look.
  let duration: TimeSpan?
  /// Whether to say on standard error how far the watch is.
  var showsProgress = false

  init(host: any Host, request: SampleRequest, interval: TimeSpan, duration: TimeSpan?) {
    self.host = host
    self.request = request
    self.interval = interval
    self.duration = duration
  }

  /// Takes the looks and hands each to `turn`. Ctrl-C ends the watch early, not the report.
  mutating func run(
    _ turn: (Sample, inout any Host) throws -> Second
  ) throws -> Newest {
    let previous = signal(SIGINT) { _ in wasInterrupted.store(true, ordering: .relaxed) }
    defer { signal(SIGINT, previous) }
    var sample = try host.takeSample(request)
    let first = sample.takenAt
    var looks = 1
    var second = try turn(sample, &host)
    while goesOn(after: sample.takenAt.seconds(since: first), looks: looks, second) {
      let pause = duration == nil && second == .atOnce ? 0 : Double(looks) * interval.seconds
      guard waitUntil(first.advanced(bySeconds: pause)) else { break }
      showProgress(sample, watched: sample.takenAt.seconds(since: first))
      sample = try host.takeSample(request)
      looks += 1
      second = try turn(sample, &host)
    }
    if showsProgress, duration != nil { StandardError.raw("\r\u{1b}[K") }
    return Newest(sample: sample, watchedSeconds: sample.takenAt.seconds(since: first))
  }

  private func goesOn(after watched: Double, looks: Int, _ second: Second) -> Bool {
    if let recorded = host as? RecordedHost {
      return recorded.remainingLooks > 0 && duration.map { watched < $0.seconds } ?? true
    }
    guard let duration else { return looks < 2 && second != .unneeded }
    // A look that began late must not make the watch longer by an interval.
    return watched + interval.seconds / 2 < duration.seconds
  }

  /// - Returns: false when the user does not want to wait any longer.
  private func waitUntil(_ deadline: BootInstant) -> Bool {
    if host is RecordedHost { return true }
    while true {
      if wasInterrupted.load(ordering: .relaxed) { return false }
      let rest = deadline.seconds(since: Clock.boot)
      guard rest > 0 else { return true }
      var span = timespec()
      span.tv_sec = Int(rest)
      span.tv_nsec = Int((rest - Double(Int(rest))) * 1e9)
      nanosleep(&span, nil)
    }
  }

  private func showProgress(_ sample: Sample, watched: Double) {
    guard showsProgress, let duration else { return }
    let sockets = Quantity.count(sample.sockets.count, "socket")
    let waiting = sample.sockets.count { $0.state == .closeWait }
    StandardError.raw(
      "\rwatching \(Quantity.duration(watched)) of \(Quantity.duration(duration.seconds)):"
        + " \(sockets), \(Quantity.count(waiting)) in CLOSE_WAIT\u{1b}[K")
  }
}

/// Set by the signal handler, which may do nothing else.
private let wasInterrupted = Atomic<Bool>(false)
