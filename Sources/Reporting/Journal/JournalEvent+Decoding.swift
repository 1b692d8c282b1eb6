// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Why an entry of the journal is no finding event: the field, and what it holds.
///
/// Any process can write an entry with these fields, and a newer closewatch may know more words.
package struct JournalFieldError: Error, Hashable, Sendable {
  package var field: String
  /// nil: the field is missing.
  package var text: String?

  package init(field: String, text: String?) {
    self.field = field
    self.text = text
  }
}

extension JournalEvent {
  /// Reads an entry's fields; those that it does not know are passed over.
  ///
  /// - Throws: ``JournalFieldError`` for the first field that is missing or has no meaning.
  package init(fields: [JournalEntry.Field]) throws(JournalFieldError) {
    let text = FieldText(fields)
    kind = try text.word("CLOSEWATCH_EVENT", FindingEvent.Kind.init(rawValue:))
    findingID = try text.needed("CLOSEWATCH_FINDING_ID")
    rule = try text.word("CLOSEWATCH_RULE", RuleID.init(rawValue:))
    cause = try text.word("CLOSEWATCH_CAUSE", Cause.init(rawValue:))
    state = try text.word("CLOSEWATCH_STATE", Self.state)
    severity = try text.word("CLOSEWATCH_SEVERITY") { name in
      Severity.allCases.first { $0.name == name }
    }
    becauseOf = text["CLOSEWATCH_BECAUSE_OF"]
    root = try Self.root(text)
    accepted = try Self.accepted(text)
    owner = Owner(
      try text.word("CLOSEWATCH_OWNER_KIND", Owner.Kind.init(rawValue:)),
      try text.needed("CLOSEWATCH_OWNER"))
    sockets = try text.word("CLOSEWATCH_SOCKETS", FieldText.count)
    peak = try text.optional("CLOSEWATCH_PEAK", FieldText.count) ?? sockets
    end = try Self.end(text)
    namespace = NetnsID(rawValue: try text.word("CLOSEWATCH_NETNS") { UInt32($0) })
    namespaceName = text["CLOSEWATCH_NETNS_NAME"]
    localPort = try text.optional("CLOSEWATCH_LOCAL_PORT") { UInt16($0) }
    remotePort = try text.optional("CLOSEWATCH_REMOTE_PORT") { UInt16($0) }
    remotes = text.all("CLOSEWATCH_REMOTE")
    doubts = try text.words("CLOSEWATCH_DOUBT", Doubt.init(rawValue:))
    growth = try Self.growth(text)
    oldest = try Self.oldest(text)
    firingSeconds = try text.optional("CLOSEWATCH_FIRING_SECONDS", FieldText.number)
    forecast = try Self.forecast(text)
    actor = try Self.actor(text)
  }

  private static func state(_ name: String) -> TCPState? {
    if let state = TCPState(named: name), state.name == name { return state }
    let prefix = "UNKNOWN_"
    guard name.hasPrefix(prefix), let raw = UInt8(name.dropFirst(prefix.count)) else { return nil }
    return TCPState(rawValue: raw)
  }

  private static func root(_ text: FieldText) throws(JournalFieldError) -> ToldRoot? {
    guard let kind = try text.optional("CLOSEWATCH_ROOT", Root.Kind.init(rawValue:))
    else { return nil }
    var root = ToldRoot(Root(kind))
    root.place = text["CLOSEWATCH_ROOT_PLACE"]
    root.pid = try text.optional("CLOSEWATCH_ROOT_PID") { Int32($0) }
    root.command = text["CLOSEWATCH_ROOT_COMMAND"]
    return root
  }

  private static func accepted(
    _ text: FieldText
  ) throws(JournalFieldError) -> ToldAcceptance? {
    let name = "CLOSEWATCH_ACCEPTED"
    guard let standing = try text.optional(name, Acceptance.Standing.init(rawValue:))
    else { return nil }
    return ToldAcceptance(
      standing: standing, reason: try text.needed("CLOSEWATCH_ACCEPTED_REASON"),
      until: try text.word("CLOSEWATCH_ACCEPTED_UNTIL", CalendarDay.init),
      sockets: try text.word("CLOSEWATCH_ACCEPTED_SOCKETS") { Int($0) })
  }

  private static func growth(_ text: FieldText) throws(JournalFieldError) -> Rate? {
    guard let rate = try text.optional("CLOSEWATCH_RATE_PER_SECOND", FieldText.number) else {
      return nil
    }
    return Rate(
      perSecond: rate, low: try text.word("CLOSEWATCH_RATE_LOW", FieldText.number),
      high: try text.word("CLOSEWATCH_RATE_HIGH", FieldText.number))
  }

  private static func end(_ text: FieldText) throws(JournalFieldError) -> End? {
    guard let how = try text.optional("CLOSEWATCH_END", End.How.init(rawValue:)) else { return nil }
    var end = End(
      how: how, gone: try text.word("CLOSEWATCH_END_GONE", FieldText.count),
      members: try text.word("CLOSEWATCH_END_MEMBERS", FieldText.count))
    end.pid = try text.optional("CLOSEWATCH_END_PID") { Int32($0) }
    end.continuedAs = text["CLOSEWATCH_END_CONTINUED_AS"]
    end.newer = try text.optional("CLOSEWATCH_END_NEWER") { Int($0) } ?? 0
    return end
  }

  private static func oldest(_ text: FieldText) throws(JournalFieldError) -> Age? {
    guard let seconds = try text.optional("CLOSEWATCH_OLDEST_SECONDS", FieldText.number) else {
      return nil
    }
    let bound = try text.word("CLOSEWATCH_OLDEST_BOUND") { (name) -> Age.Bound? in
      switch name {
      case "exact": .exact
      case "at-least": .atLeast
      default: nil
      }
    }
    return Age(seconds: seconds, bound: bound)
  }

  private static func forecast(_ text: FieldText) throws(JournalFieldError) -> Forecast? {
    let name = "CLOSEWATCH_FORECAST_RESOURCE"
    guard let resource = try text.optional(name, Forecast.Resource.init(rawValue:)) else {
      return nil
    }
    var forecast = Forecast(
      resource: resource, used: try text.word("CLOSEWATCH_FORECAST_USED", FieldText.count),
      limit: try text.word("CLOSEWATCH_FORECAST_LIMIT", FieldText.count))
    forecast.seconds = try text.optional("CLOSEWATCH_FORECAST_SECONDS", FieldText.number)
    return forecast
  }

  private static func actor(_ text: FieldText) throws(JournalFieldError) -> Actor? {
    guard let pid = try text.optional("CLOSEWATCH_PID", { Int32($0) }) else { return nil }
    var actor = Actor(pid: pid, command: try text.needed("CLOSEWATCH_COMMAND"))
    actor.executable = text["CLOSEWATCH_EXECUTABLE"]
    actor.unit = text["CLOSEWATCH_UNIT"]
    actor.container = text["CLOSEWATCH_CONTAINER"]
    actor.names = ContainerNames(
      container: text["CLOSEWATCH_CONTAINER_NAME"], pod: text["CLOSEWATCH_POD"],
      namespace: text["CLOSEWATCH_POD_NAMESPACE"])
    if let uid = text["CLOSEWATCH_POD_UID"] {
      actor.pod = PodIdentity(
        uid: uid,
        serviceClass: try text.word(
          "CLOSEWATCH_QOS_CLASS", PodIdentity.ServiceClass.init(rawValue:)))
    }
    actor.runtime = try text.word("CLOSEWATCH_RUNTIME", ProcessRuntime.init(rawValue:))
    actor.descriptors = try text.optional("CLOSEWATCH_DESCRIPTORS", FieldText.count)
    actor.descriptorLimit = try text.optional("CLOSEWATCH_DESCRIPTOR_LIMIT") { UInt64($0) }
    return actor
  }
}
