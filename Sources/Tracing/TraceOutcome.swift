// SPDX-License-Identifier: Apache-2.0

import Reporting

/// What was watched.
public struct TraceTarget: Hashable, Sendable {
  /// A process of it.
  public struct Process: Hashable, Sendable {
    /// Its number.
    public var pid: Int32
    /// What it calls itself. Untrusted text.
    public var command: String
    /// The script, module or class that an interpreter runs; nil where that says no more.
    public var main: String?

    /// A process by its number and name.
    public init(pid: Int32, command: String, main: String? = nil) {
      self.pid = pid
      self.command = command
      self.main = main
    }

    /// `python3 app.py [812]`, fit for a line of output.
    package var title: String {
      let words = [command, main].compactMap { $0 }.joined(separator: " ")
      return UntrustedText.printable(words) + " [\(pid)]"
    }
  }

  /// The systemd unit that was asked for; nil: a process was.
  public var unit: String?
  /// Those that were watched, by their numbers; never empty.
  public var processes: [Process]

  /// A unit's processes, or one process.
  public init(unit: String? = nil, processes: [Process]) {
    self.unit = unit
    self.processes = processes
  }
}

/// What a watch has brought: what was seen, what is stuck at its end, and what was missed.
public struct TraceOutcome: Sendable {
  /// Why it ended before its time.
  public enum EarlyEnd: String, Hashable, Sendable {
    /// No process of the target is left.
    case targetEnded = "target-ended"
    /// It has executed another program, which has other code.
    case otherProgram = "other-program"
    /// Somebody stopped it.
    case interrupted
  }

  /// What was watched.
  public var target: TraceTarget
  /// For how long.
  public var watchedSeconds: Double
  /// nil: it was watched for as long as was asked for.
  public var earlyEnd: EarlyEnd?
  /// Connections that were accepted; nil when nobody watched for that.
  public var accepted: Int?
  /// Connections that the target opened itself.
  public var connected: Int
  /// Sockets that were followed, and are closed.
  public var closed: Int
  /// At the end.
  public var stuck: [StuckSocket]
  /// By their cookies.
  public var sightings: [UInt64: SocketSighting] = [:]
  /// What was missed.
  public var loss = TraceLoss()

  /// Whether the target was gone before anybody could look what is stuck.
  public var isGone: Bool { earlyEnd == .targetEnded || earlyEnd == .otherProgram }

  /// A watch that has seen nothing.
  public init(
    target: TraceTarget, watchedSeconds: Double, accepted: Int?, connected: Int, closed: Int,
    stuck: [StuckSocket]
  ) {
    self.target = target
    self.watchedSeconds = watchedSeconds
    self.accepted = accepted
    self.connected = connected
    self.closed = closed
    self.stuck = stuck
  }
}
