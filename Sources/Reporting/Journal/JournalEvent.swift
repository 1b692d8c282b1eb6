// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What the journal keeps of a finding event: the typed fields of one entry, both ways.
///
/// ``fields`` and ``init(fields:)`` are each other's inverse, so that what is read years later is
/// what was told. Numbers that are not whole have three decimal places.
package struct JournalEvent: Hashable, Sendable {
  /// The process to act on, as it was then.
  package struct Actor: Hashable, Sendable {
    package var pid: Int32
    /// Untrusted text, printable.
    package var command: String
    package var executable: String?
    package var unit: String?
    package var container: String?
    package var names = ContainerNames.unknown
    package var pod: PodIdentity?
    package var runtime = ProcessRuntime.unknown
    package var descriptors: Int?
    package var descriptorLimit: UInt64?

    package init(pid: Int32, command: String) {
      self.pid = pid
      self.command = command
    }
  }

  /// How it has ended.
  package struct End: Hashable, Sendable {
    package enum How: String, Hashable, Sendable, CaseIterable {
      case closed, exited, used, subsided, continued
      case leftOut = "left-out"
    }

    package var how: How
    /// The process that exited.
    package var pid: Int32?
    /// The finding that it goes on as.
    package var continuedAs: String?
    /// How many of its sockets have gone, and of how many that it ever had.
    package var gone: Int
    package var members: Int
    /// Younger ones that are there.
    package var newer = 0

    package init(how: How, gone: Int, members: Int) {
      self.how = how
      self.gone = gone
      self.members = members
    }
  }

  /// ``Root`` as the journal keeps it.
  package struct ToldRoot: Hashable, Sendable {
    package var kind: Root.Kind
    package var place: String?
    package var pid: Int32?
    /// Untrusted text, printable.
    package var command: String?

    package init(_ root: Root) {
      kind = root.kind
      place = root.place?.description
      pid = root.process?.id.pid
      command = root.process.map { UntrustedText.printable($0.command) }
    }
  }

  /// ``Accepted`` as the journal keeps it.
  package struct ToldAcceptance: Hashable, Sendable {
    package var standing: Acceptance.Standing
    /// Untrusted text, printable.
    package var reason: String
    package var until: CalendarDay
    package var sockets: Int
  }

  package var kind: FindingEvent.Kind
  package var findingID: String
  package var rule: RuleID
  package var cause: Cause
  package var state: TCPState
  package var severity: Severity
  /// The id of the finding that it follows from.
  package var becauseOf: String?
  package var root: ToldRoot?
  /// That it is, or was, accepted.
  package var accepted: ToldAcceptance?
  package var owner: Owner
  package var sockets: Int
  /// The most that it ever had.
  package var peak: Int
  /// nil before it has ended, and in entries of a version that did not say.
  package var end: End?
  package var namespace: NetnsID
  package var namespaceName: String?
  package var localPort: UInt16?
  package var remotePort: UInt16?
  /// The commonest remote ends, at most three, as text.
  package var remotes: [String] = []
  package var doubts: [Doubt] = []
  package var growth: Rate?
  package var oldest: Age?
  /// Seconds from when it began to fire to this event.
  package var firingSeconds: Double?
  /// Without its range.
  package var forecast: Forecast?
  package var actor: Actor?

  /// What is recorded of an event.
  package init(_ event: FindingEvent) {
    let finding = event.finding
    kind = event.kind
    findingID = finding.id
    rule = finding.rule
    cause = finding.cause
    state = finding.state
    severity = finding.severity
    becauseOf = finding.becauseOf
    root = finding.root.map { ToldRoot($0) }
    accepted = finding.accepted.map { ToldAcceptance($0) }
    owner = finding.owner
    sockets = finding.sockets
    peak = max(finding.peak, finding.sockets)
    end = finding.end.map(End.init)
    namespace = finding.namespace
    namespaceName = finding.namespaceName
    localPort = finding.localPort
    remotePort = finding.remotePort
    remotes = finding.peers.prefix(3).map { peer in
      peer.remote.port == 0 ? peer.remote.address.description : peer.remote.description
    }
    doubts = finding.doubts
    growth = finding.growth.map { rate in
      Rate(
        perSecond: Self.kept(rate.perSecond), low: Self.kept(rate.low), high: Self.kept(rate.high))
    }
    if let oldest = finding.oldest, oldest.bound != .unknown {
      self.oldest = Age(seconds: Self.kept(oldest.seconds), bound: oldest.bound)
    }
    firingSeconds = finding.firingSince.map { Self.kept(event.at.seconds(since: $0)) }
    if let told = finding.forecast {
      var forecast = Forecast(resource: told.resource, used: told.used, limit: told.limit)
      forecast.seconds = told.seconds.map(Self.kept)
      self.forecast = forecast
    }
    let actors = finding.culprits.filter { $0.role != .peer }
    actor = actors.first.map { Actor($0.process, runtime: finding.runtime) }
  }

  /// A number as three decimal places keep it.
  private static func kept(_ value: Double) -> Double { Double(decimal(value)) ?? 0 }

  private static func decimal(_ value: Double) -> String { Quantity.fixed(value, decimals: 3) }
}

extension JournalEvent.End {
  init(_ end: FindingEnd) {
    self.init(how: .subsided, gone: end.gone, members: end.members)
    newer = end.newer
    switch end.how {
    case .closed: how = .closed
    case .used: how = .used
    case .subsided: how = .subsided
    case .exited(let process): (how, pid) = (.exited, process.pid)
    case .continued(let id): (how, continuedAs) = (.continued, id)
    case .leftOut: how = .leftOut
    }
  }
}

extension JournalEvent.ToldAcceptance {
  fileprivate init(_ accepted: Accepted) {
    self.init(
      standing: accepted.standing,
      reason: UntrustedText.printable(accepted.acceptance.reason),
      until: accepted.acceptance.until, sockets: accepted.sockets)
  }
}

extension JournalEvent.Actor {
  fileprivate init(_ process: ProcessRecord, runtime: ProcessRuntime) {
    pid = process.id.pid
    command = UntrustedText.printable(process.command)
    executable = process.executable.map { UntrustedText.printable($0) }
    unit = process.unit
    container = process.container
    names = process.names
    pod = process.pod
    self.runtime = runtime
    descriptors = process.descriptorCount
    descriptorLimit = process.descriptorSoftLimit
  }
}

extension JournalEvent {
  /// The fields that hold it: `CLOSEWATCH_...`, in a fixed order. A field without a value is left
  /// out; one that has several comes several times.
  package var fields: [JournalEntry.Field] {
    var fields = FieldList()
    fields.add("CLOSEWATCH_EVENT", kind.rawValue)
    fields.add("CLOSEWATCH_FINDING_ID", findingID)
    fields.add("CLOSEWATCH_RULE", rule.rawValue)
    fields.add("CLOSEWATCH_CAUSE", cause.rawValue)
    fields.add("CLOSEWATCH_STATE", state.name)
    fields.add("CLOSEWATCH_SEVERITY", severity.name)
    fields.add("CLOSEWATCH_BECAUSE_OF", becauseOf)
    fields.add("CLOSEWATCH_ROOT", root?.kind.rawValue)
    fields.add("CLOSEWATCH_ROOT_PLACE", root?.place)
    fields.add("CLOSEWATCH_ROOT_PID", root?.pid.map { String($0) })
    fields.add("CLOSEWATCH_ROOT_COMMAND", root?.command)
    if let accepted {
      fields.add("CLOSEWATCH_ACCEPTED", accepted.standing.rawValue)
      fields.add("CLOSEWATCH_ACCEPTED_REASON", accepted.reason)
      fields.add("CLOSEWATCH_ACCEPTED_UNTIL", accepted.until.description)
      fields.add("CLOSEWATCH_ACCEPTED_SOCKETS", String(accepted.sockets))
    }
    fields.add("CLOSEWATCH_OWNER", owner.name)
    fields.add("CLOSEWATCH_OWNER_KIND", owner.kind.rawValue)
    fields.add("CLOSEWATCH_SOCKETS", String(sockets))
    fields.add("CLOSEWATCH_PEAK", String(peak))
    if let end {
      fields.add("CLOSEWATCH_END", end.how.rawValue)
      fields.add("CLOSEWATCH_END_PID", end.pid.map { String($0) })
      fields.add("CLOSEWATCH_END_CONTINUED_AS", end.continuedAs)
      fields.add("CLOSEWATCH_END_GONE", String(end.gone))
      fields.add("CLOSEWATCH_END_MEMBERS", String(end.members))
      fields.add("CLOSEWATCH_END_NEWER", String(end.newer))
    }
    fields.add("CLOSEWATCH_NETNS", String(namespace.rawValue))
    fields.add("CLOSEWATCH_NETNS_NAME", namespaceName)
    fields.add("CLOSEWATCH_LOCAL_PORT", localPort.map { String($0) })
    fields.add("CLOSEWATCH_REMOTE_PORT", remotePort.map { String($0) })
    for remote in remotes { fields.add("CLOSEWATCH_REMOTE", remote) }
    for doubt in doubts { fields.add("CLOSEWATCH_DOUBT", doubt.rawValue) }
    fields.add("CLOSEWATCH_RATE_PER_SECOND", growth.map { Self.decimal($0.perSecond) })
    fields.add("CLOSEWATCH_RATE_LOW", growth.map { Self.decimal($0.low) })
    fields.add("CLOSEWATCH_RATE_HIGH", growth.map { Self.decimal($0.high) })
    fields.add("CLOSEWATCH_OLDEST_SECONDS", oldest.map { Self.decimal($0.seconds) })
    fields.add("CLOSEWATCH_OLDEST_BOUND", oldest.map { $0.bound == .exact ? "exact" : "at-least" })
    fields.add("CLOSEWATCH_FIRING_SECONDS", firingSeconds.map { Self.decimal($0) })
    fields.add("CLOSEWATCH_FORECAST_RESOURCE", forecast?.resource.rawValue)
    fields.add("CLOSEWATCH_FORECAST_USED", forecast.map { String($0.used) })
    fields.add("CLOSEWATCH_FORECAST_LIMIT", forecast.map { String($0.limit) })
    fields.add("CLOSEWATCH_FORECAST_SECONDS", forecast?.seconds.map { Self.decimal($0) })
    if let actor {
      fields.add("CLOSEWATCH_PID", String(actor.pid))
      fields.add("CLOSEWATCH_COMMAND", actor.command)
      fields.add("CLOSEWATCH_EXECUTABLE", actor.executable)
      fields.add("CLOSEWATCH_UNIT", actor.unit)
      fields.add("CLOSEWATCH_CONTAINER", actor.container)
      fields.add("CLOSEWATCH_CONTAINER_NAME", actor.names.container)
      fields.add("CLOSEWATCH_POD", actor.names.pod)
      fields.add("CLOSEWATCH_POD_NAMESPACE", actor.names.namespace)
      fields.add("CLOSEWATCH_POD_UID", actor.pod?.uid)
      fields.add("CLOSEWATCH_QOS_CLASS", actor.pod?.serviceClass.rawValue)
      fields.add("CLOSEWATCH_RUNTIME", actor.runtime.rawValue)
      fields.add("CLOSEWATCH_DESCRIPTORS", actor.descriptors.map { String($0) })
      fields.add("CLOSEWATCH_DESCRIPTOR_LIMIT", actor.descriptorLimit.map { String($0) })
    }
    return fields.all
  }

  private struct FieldList {
    private(set) var all: [JournalEntry.Field] = []

    mutating func add(_ name: String, _ value: String?) {
      guard let value else { return }
      all.append(JournalEntry.Field(name: name, value: value))
    }
  }
}
