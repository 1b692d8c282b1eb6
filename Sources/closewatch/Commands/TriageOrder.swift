// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

/// How a triage of its own watches and judges: as its options say, and where they say nothing as
/// the recording was asked for that it replays.
struct TriageOrder {
  let duration: TimeSpan?
  let interval: TimeSpan
  let patience: [PatienceArgument]
  let disabled: [RuleID]
  /// Why the daemon was not asked.
  let why: WithoutDaemon
  let wasReadAsRoot: Bool
  /// How long was watched, where that is known before the first look.
  private let watchSeconds: Double?

  static let usualInterval = TimeSpan(seconds: 1)

  /// - Throws: ``HostError`` for a recording that names a rule or a time which nobody knows.
  init(_ options: Triage, _ why: WithoutDaemon, replaying recording: RecordedHost?) throws {
    let recorded = recording?.header.order ?? RecordedOrder()
    duration = options.duration ?? recorded.watchSeconds.map(TimeSpan.init(seconds:))
    interval =
      options.interval ?? recorded.intervalSeconds.map(TimeSpan.init(seconds:))
      ?? Self.usualInterval
    // Older recordings do not say for how long somebody wanted to watch, but how long it was.
    let span = recording?.span.map { $0.upperBound.seconds(since: $0.lowerBound) } ?? 0
    watchSeconds = duration?.seconds ?? (span > 0 ? span : nil)
    do {
      patience =
        options.patience.isEmpty
        ? try recorded.patience.map(PatienceArgument.parse) : options.patience
      disabled =
        options.disable.isEmpty
        ? try recorded.disabledRules.map(PatienceArgument.parseRule) : options.disable
    } catch {
      throw HostError(
        "cannot replay \(recording?.directory ?? ""): \(RecordingHeader.file): \(error);"
          + " replay it with the version that recorded it")
    }
    self.why = recorded.judgedFor.map { .notAsked(flag: $0) } ?? why
    wasReadAsRoot = recorded.wasRoot ?? options.machine.isReadAsRoot
  }

  var settings: RuleSettings {
    var settings = RuleSettings()
    settings.patienceSeconds = Self.usualPatience(watching: watchSeconds)
    for argument in patience {
      if let rule = argument.rule {
        settings.patienceByRule[rule] = argument.time.seconds
      } else {
        settings.patienceSeconds = argument.time.seconds
      }
    }
    settings.disabledRules = Set(disabled)
    // The report is about now: what two looks in a row no longer show has ended.
    settings.quietSeconds = 1.5 * interval.seconds
    return settings
  }

  /// Half of the time watched, so that what was stuck at first can be seen to stay for as long
  /// again; at most the default of the daemon.
  private static func usualPatience(watching seconds: Double?) -> Double {
    let usual = RuleSettings().patienceSeconds
    return seconds.map { min(usual, max(2, $0 / 2)) } ?? usual
  }

  /// What a recording of this triage has to say, so that a replay judges by the same.
  var recorded: RecordedOrder {
    var order = RecordedOrder()
    order.watchSeconds = duration?.seconds
    order.intervalSeconds = interval.seconds
    order.patience = patience.map(\.text)
    order.disabledRules = disabled.map(\.rawValue)
    if case .notAsked(let flag) = why { order.judgedFor = flag }
    order.wasRoot = wasReadAsRoot
    return order
  }
}
