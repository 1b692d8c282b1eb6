// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// A finding event as fields of the journal: systemd.journal-fields(7). A field that has no value
/// is left out; one that has several comes several times.
package struct JournalEntry: Hashable, Sendable {
  /// One field. The value may be any bytes; names are upper-case letters, digits and `_`.
  package struct Field: Hashable, Sendable {
    package var name: String
    package var value: String
  }

  package private(set) var fields: [Field] = []

  /// Tells an event.
  package init(_ event: FindingEvent) {
    let finding = event.finding
    add("MESSAGE", EventMessage.line(event))
    add("MESSAGE_ID", MessageID.id(of: finding.rule, event.kind))
    add("PRIORITY", String(Self.priority(event)))
    add("SYSLOG_IDENTIFIER", "closewatch")
    add("DOCUMENTATION", "man:closewatch(1)")
    add("CLOSEWATCH_EVENT", event.kind.rawValue)
    add("CLOSEWATCH_FINDING_ID", finding.id)
    add("CLOSEWATCH_RULE", finding.rule.rawValue)
    add("CLOSEWATCH_CAUSE", finding.cause.rawValue)
    add("CLOSEWATCH_STATE", finding.state.name)
    add("CLOSEWATCH_SEVERITY", finding.severity.name)
    add("CLOSEWATCH_OWNER", finding.owner.name)
    add("CLOSEWATCH_OWNER_KIND", finding.owner.kind.rawValue)
    add("CLOSEWATCH_SOCKETS", String(finding.sockets))
    add("CLOSEWATCH_NETNS", String(finding.namespace.rawValue))
    add("CLOSEWATCH_NETNS_NAME", finding.namespaceName)
    add("CLOSEWATCH_LOCAL_PORT", finding.localPort.map { String($0) })
    add("CLOSEWATCH_REMOTE_PORT", finding.remotePort.map { String($0) })
    for peer in finding.peers.prefix(3) {
      let remote = peer.remote
      add(
        "CLOSEWATCH_REMOTE",
        remote.port == 0 ? remote.address.description : remote.description)
    }
    for doubt in finding.doubts { add("CLOSEWATCH_DOUBT", doubt.rawValue) }
    addTimes(event)
    addForecast(finding.forecast)
    addProcess(of: event)
  }

  private mutating func addTimes(_ event: FindingEvent) {
    let finding = event.finding
    add("CLOSEWATCH_RATE_PER_SECOND", finding.growth.map { Self.decimal($0.perSecond) })
    add("CLOSEWATCH_RATE_LOW", finding.growth.map { Self.decimal($0.low) })
    add("CLOSEWATCH_RATE_HIGH", finding.growth.map { Self.decimal($0.high) })
    if let oldest = finding.oldest, oldest.bound != .unknown {
      add("CLOSEWATCH_OLDEST_SECONDS", Self.decimal(oldest.seconds))
      add("CLOSEWATCH_OLDEST_BOUND", oldest.bound == .exact ? "exact" : "at-least")
    }
    add(
      "CLOSEWATCH_FIRING_SECONDS",
      finding.firingSince.map { Self.decimal(event.at.seconds(since: $0)) })
  }

  private mutating func addForecast(_ forecast: Forecast?) {
    guard let forecast else { return }
    add("CLOSEWATCH_FORECAST_RESOURCE", forecast.resource.rawValue)
    add("CLOSEWATCH_FORECAST_USED", String(forecast.used))
    add("CLOSEWATCH_FORECAST_LIMIT", String(forecast.limit))
    add("CLOSEWATCH_FORECAST_SECONDS", forecast.seconds.map { Self.decimal($0) })
  }

  /// The process to act on. `OBJECT_PID` makes journald look the process up, so it is not told of
  /// one that need not live any more.
  private mutating func addProcess(of event: FindingEvent) {
    let actors = event.finding.culprits.filter { $0.role != .peer }
    guard let process = actors.first?.process else { return }
    if event.kind != .resolved { add("OBJECT_PID", String(process.id.pid)) }
    add("CLOSEWATCH_PID", String(process.id.pid))
    add("CLOSEWATCH_COMMAND", UntrustedText.printable(process.command))
    add("CLOSEWATCH_EXECUTABLE", process.executable.map { UntrustedText.printable($0) })
    add("CLOSEWATCH_UNIT", process.unit)
    add("CLOSEWATCH_CONTAINER", process.container)
    add("CLOSEWATCH_RUNTIME", event.finding.runtime.rawValue)
    add("CLOSEWATCH_DESCRIPTORS", process.descriptorCount.map { String($0) })
    add("CLOSEWATCH_DESCRIPTOR_LIMIT", process.descriptorSoftLimit.map { String($0) })
  }

  private mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    fields.append(Field(name: name, value: value))
  }

  /// syslog(3). What has ended is never more than a notice.
  private static func priority(_ event: FindingEvent) -> Int {
    switch (event.kind, event.finding.severity) {
    case (.resolved, .notice): 6
    case (.resolved, _), (_, .notice): 5
    case (_, .warning): 4
    case (_, .critical): 2
    }
  }

  private static func decimal(_ value: Double) -> String { Quantity.fixed(value, decimals: 3) }
}
