// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings
import Synchronization

/// Looks at a machine again and again: on time on a live one, as fast as it goes on a recorded one.
struct LookLoop {
  /// What one look has brought.
  struct Taken {
    var sample: Sample
    var second = Second.later
  }

  /// What a look says of a watch without a duration, which takes two looks at most.
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
  let interval: TimeSpan
  /// nil: one look or two, as the first says; of a recording, every look.
  let duration: TimeSpan?
  var spareSeconds = Clock.commandSeconds
  /// Whether to say on standard error how far the watch is.
  var showsProgress = false

  init(host: any Host, interval: TimeSpan, duration: TimeSpan?) {
    self.host = host
    self.interval = interval
    self.duration = duration
  }

  /// Lets `look` take one look after the other, and says when each has to be over. Ctrl-C ends the
  /// watch early, not the report.
  ///
  /// All of them together may take ``spareSeconds`` longer than the watch: what the first has used
  /// of that, the last no longer has.
  mutating func run(_ look: (inout any Host, BootInstant) throws -> Taken) throws -> Newest {
    let watch = duration?.seconds ?? 0
    let end = watch.isFinite ? Clock.boot.advanced(bySeconds: watch + spareSeconds) : .never
    let previous = signal(SIGINT) { _ in wasInterrupted.store(true, ordering: .relaxed) }
    defer { signal(SIGINT, previous) }
    var taken = try look(&host, min(end, Clock.commandDeadline))
    let first = taken.sample.takenAt
    var watched = 0.0
    var looks = 1
    while goesOn(after: watched, looks: looks, taken.second), isTimeLeft(until: end) {
      let pause = duration == nil && taken.second == .atOnce ? 0 : Double(looks) * interval.seconds
      guard waitUntil(first.advanced(bySeconds: pause)) else { break }
      showProgress(taken.sample, watched: watched)
      // There is memory for those of the next one.
      taken.sample.sockets = []
      taken = try look(&host, min(end, Clock.commandDeadline))
      looks += 1
      watched = taken.sample.takenAt.seconds(since: first)
    }
    if showsProgress, duration != nil { StandardError.raw("\r\u{1b}[K") }
    return Newest(sample: taken.sample, watchedSeconds: watched)
  }

  /// The recording that is looked at; nil on a live machine.
  private var recording: RecordedHost? {
    host as? RecordedHost ?? (host as? RecordingHost)?.source as? RecordedHost
  }

  private func goesOn(after watched: Double, looks: Int, _ second: Second) -> Bool {
    if let recording {
      return recording.remainingLooks > 0 && duration.map { watched < $0.seconds } ?? true
    }
    guard let duration else { return looks < 2 && second != .unneeded }
    // A look that began late must not make the watch longer by an interval.
    return watched + interval.seconds / 2 < duration.seconds
  }

  /// Whether another look can be worth it: reading the tables alone takes most of this where there
  /// are millions of sockets.
  private func isTimeLeft(until end: BootInstant) -> Bool {
    recording != nil || end.seconds(since: Clock.boot) >= Self.shortestLookSeconds
  }

  private static let shortestLookSeconds = 2.0

  /// - Returns: false when the user does not want to wait any longer.
  private func waitUntil(_ deadline: BootInstant) -> Bool {
    if recording != nil { return true }
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
    let text =
      "watching \(Quantity.duration(watched)) of \(Quantity.duration(duration.seconds)):"
      + " \(sockets), \(Quantity.count(waiting)) in CLOSE_WAIT"
    // What is wider than the terminal is two lines of it, of which only one can be written over.
    let columns = Terminal.errorColumns.map { $0 - 1 } ?? text.count
    StandardError.raw("\r\(text.prefix(columns))\u{1b}[K")
  }
}

/// Set by the signal handler, which may do nothing else.
private let wasInterrupted = Atomic<Bool>(false)
