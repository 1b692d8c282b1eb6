// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// One firing of a finding as the journal tells it: when it began, how it went, how it ended.
///
/// Times are seconds since 1970, as journald noted them.
package struct FindingStory: Hashable, Sendable {
  /// When it began, and how that is known.
  package enum Beginning: Hashable, Sendable {
    /// The journal has the entry.
    case told(Double)
    /// The entry is gone, or older than what was read: a later one says for how long it had fired.
    case reckoned(Double)
    /// The first entry that is left does not say.
    case before(Double)

    /// The time, or the latest that it can have been.
    package var seconds: Double {
      switch self {
      case .told(let seconds), .reckoned(let seconds), .before(let seconds): seconds
      }
    }
  }

  /// The process that wrote an entry, as journald knew it.
  package struct Writer: Hashable, Sendable {
    package var pid: Int32
    package var command: String?

    package init(pid: Int32, command: String?) {
      self.pid = pid
      self.command = command
    }
  }

  /// An entry that told it to be worse.
  package struct Step: Hashable, Sendable {
    package var at: Double
    package var sockets: Int
    package var severity: Severity
  }

  /// How it stands.
  package enum Ending: Hashable, Sendable {
    /// Over: no longer true since about then.
    case resolved(at: Double)
    /// Nothing says that it is over, and who told it could still say so.
    case stillFiring
    /// Nothing says how it went on.
    case untold(Silence)
  }

  /// Why the journal has no end of a story.
  package enum Silence: Hashable, Sendable {
    /// The service manager stopped the daemon.
    case daemonStopped(at: Double)
    /// It was reported again, by a restarted daemon that did not remember it.
    case reportedAgain(at: Double)
    /// The host was rebooted.
    case rebooted
    /// The process that told it is gone.
    case writerGone(pid: Int32)
  }

  /// How many steps are kept of one story: the newest ones.
  package static let stepsKept = 20

  /// What was told last; of the socket counts, ``socketsAtBegin`` and so on know more.
  package private(set) var last: JournalEvent
  package private(set) var lastAt: Double
  package private(set) var began: Beginning
  /// nil when the entry of the beginning was not read.
  package private(set) var socketsAtBegin: Int?
  /// The largest number that an entry names.
  package private(set) var peak: Int
  /// The worst that an entry names.
  package private(set) var severity: Severity
  package private(set) var steps: [Step] = []
  package private(set) var stepCount = 0
  package var ending = Ending.stillFiring
  /// When the service manager stopped the daemon after ``lastAt``.
  var daemonStoppedAt: Double?
  /// Who wrote the last entry, and in which start of the machine.
  package private(set) var writer: Writer?
  package private(set) var bootID: String

  /// Begins with an entry: the first one that is left of it.
  init(_ event: JournalEvent, at: Double, bootID: String, writer: Writer?) {
    last = event
    lastAt = at
    peak = event.peak
    severity = event.severity
    self.bootID = bootID
    self.writer = writer
    if event.kind == .firing {
      began = .told(at)
      socketsAtBegin = event.sockets
    } else {
      began = event.firingSeconds.map { .reckoned(at - $0) } ?? .before(at)
      take(event, at: at, bootID: bootID, writer: writer)
    }
  }

  /// Goes on with an entry that is no beginning.
  mutating func take(_ event: JournalEvent, at: Double, bootID: String, writer: Writer?) {
    last = event
    lastAt = at
    daemonStoppedAt = nil
    self.bootID = bootID
    self.writer = writer
    peak = max(peak, event.peak)
    severity = max(severity, event.severity)
    switch event.kind {
    case .firing: break
    case .resolved: ending = .resolved(at: at)
    case .worsened:
      stepCount += 1
      steps.append(Step(at: at, sockets: event.sockets, severity: event.severity))
      if steps.count > Self.stepsKept { steps.removeFirst() }
    }
  }

  /// Seconds that it fired: to its end, or to `now`; nil when that is not known.
  ///
  /// The difference of the two times that are shown beside it.
  package func firedSeconds(now: Double) -> Double? {
    if case .before = began { return nil }
    switch ending {
    case .resolved(let at): return max(0, at - began.seconds)
    case .stillFiring: return max(0, now - began.seconds)
    case .untold: return nil
    }
  }

  /// Until when it is known to have been so.
  package var lastKnown: Double {
    if case .resolved(let at) = ending { return at }
    return lastAt
  }
}
