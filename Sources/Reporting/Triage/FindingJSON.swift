// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// One finding as a JSON object: the same in triage, in the daemon's answers and in recordings.
package struct FindingJSON {
  private let finding: Finding
  private let guide: GuideText

  private let clock: WallTime

  /// - Parameter clock: For what happened when, in seconds since 1970.
  package init(_ finding: Finding, guide: GuideText, clock: WallTime) {
    self.finding = finding
    self.guide = guide
    self.clock = clock
  }

  package func write(to json: inout JSONWriter) {
    json.beginObject()
    writeVerdict(to: &json)
    writePlaces(to: &json)
    json.key("processes")
    json.beginArray()
    for culprit in finding.culprits { write(culprit, to: &json) }
    json.endArray()
    writeCourse(to: &json)
    json.key("evidence")
    json.beginArray()
    for evidence in finding.evidence { EvidenceJSON.write(evidence, to: &json) }
    json.endArray()
    json.key("doubts")
    json.beginArray()
    for doubt in finding.doubts { json.string(doubt.rawValue) }
    json.endArray()
    json.key("examples")
    json.beginArray()
    for example in finding.examples { write(example, to: &json) }
    json.endArray()
    writeGuide(to: &json)
    json.endObject()
  }

  private func writeVerdict(to json: inout JSONWriter) {
    json.key("id")
    json.string(finding.id)
    json.key("rule")
    json.string(finding.rule.rawValue)
    json.key("cause")
    json.string(finding.cause.rawValue)
    json.key("because_of")
    json.string(orNull: finding.becauseOf)
    writeRoot(to: &json)
    json.key("state")
    json.string(finding.lifecycle.rawValue)
    json.key("severity")
    json.string(finding.severity.name)
    json.key("sockets")
    json.integer(finding.sockets)
    json.key("peak_sockets")
    json.integer(max(finding.peak, finding.sockets))
    json.key("socket_state")
    json.string(finding.state.name)
    json.key("owner")
    json.beginObject()
    json.key("kind")
    json.string(finding.owner.kind.rawValue)
    json.key("name")
    json.string(finding.owner.name)
    json.endObject()
    json.key("runtime")
    json.string(finding.runtime.rawValue)
  }

  private func writeRoot(to json: inout JSONWriter) {
    json.key("root")
    guard let root = finding.root else { return json.null() }
    json.beginObject()
    json.key("kind")
    json.string(root.kind.rawValue)
    json.key("place")
    if let place = root.place { json.endpoint(place) } else { json.null() }
    json.key("pid")
    json.integer(orNull: root.process?.id.pid)
    json.key("command")
    json.string(orNull: root.process?.command)
    json.endObject()
  }

  private func writePlaces(to json: inout JSONWriter) {
    json.key("netns")
    json.integer(finding.namespace.rawValue)
    json.key("netns_name")
    json.string(orNull: finding.namespaceName)
    json.key("local_port")
    json.integer(orNull: finding.localPort)
    json.key("remote_port")
    json.integer(orNull: finding.remotePort)
    json.key("peers")
    json.beginArray()
    for peer in finding.peers {
      json.beginObject()
      json.key("remote")
      json.endpoint(peer.remote)
      json.key("sockets")
      json.integer(peer.sockets)
      json.endObject()
    }
    json.endArray()
  }

  private func write(_ culprit: Culprit, to json: inout JSONWriter) {
    let process = culprit.process
    json.beginObject()
    json.key("pid")
    json.integer(process.id.pid)
    json.key("start_ticks")
    json.integer(process.id.startTicks)
    json.key("role")
    json.string(culprit.role.rawValue)
    json.key("attribution")
    json.string(culprit.attribution.rawValue)
    json.key("sockets")
    json.integer(culprit.sockets)
    json.key("command")
    json.string(process.command)
    json.key("executable")
    json.string(orNull: process.executable)
    json.key("unit")
    json.string(orNull: process.unit)
    json.key("container")
    json.string(orNull: process.container)
    json.key("cgroup")
    json.string(orNull: process.cgroup)
    json.key("descriptors")
    json.integer(orNull: process.descriptorCount)
    json.key("descriptor_limit")
    json.integer(orNull: process.descriptorSoftLimit)
    json.endObject()
  }

  private func writeTimes(to json: inout JSONWriter) {
    json.key("first_seen")
    json.number(orNull: finding.firstSeen.map(clock.seconds))
    json.key("firing_since")
    json.number(orNull: finding.firingSince.map(clock.seconds))
    json.key("not_growing_since")
    json.number(orNull: finding.notGrowingSince.map(clock.seconds))
    json.key("not_seen")
    json.integer(finding.unseen)
    json.key("not_seen_since")
    json.number(orNull: finding.notSeenSince.map(clock.seconds))
    writeEnd(to: &json)
    json.key("changes")
    json.beginArray()
    for change in finding.changes { write(change, to: &json) }
    json.endArray()
  }

  private func writeEnd(to json: inout JSONWriter) {
    json.key("end")
    guard let end = finding.end else { return json.null() }
    let told = JournalEvent.End(end)
    json.beginObject()
    json.key("how")
    json.string(told.how.rawValue)
    json.key("at")
    json.number(clock.seconds(of: end.at))
    json.key("gone")
    json.integer(told.gone)
    json.key("members")
    json.integer(told.members)
    json.key("pid")
    json.integer(orNull: told.pid)
    json.key("continued_as")
    json.string(orNull: told.continuedAs)
    json.endObject()
  }

  private func write(_ change: FindingChange, to json: inout JSONWriter) {
    json.beginObject()
    json.key("at")
    json.number(clock.seconds(of: change.at))
    json.key("what")
    switch change.kind {
    case .appeared(let sockets): write("appeared", "sockets", sockets, to: &json)
    case .fired(let sockets): write("fired", "sockets", sockets, to: &json)
    case .doubled(let sockets): write("doubled", "sockets", sockets, to: &json)
    case .replaced(let was, let now):
      write("replaced", "pid_was", Int(was.pid), to: &json)
      json.key("pid")
      json.integer(now.pid)
    case .severity(let severity):
      json.string("severity")
      json.key("severity")
      json.string(severity.name)
    case .ended: json.string("ended")
    }
    json.endObject()
  }

  private func write(
    _ what: String, _ key: StaticString, _ value: Int, to json: inout JSONWriter
  ) {
    json.string(what)
    json.key(key)
    json.integer(value)
  }

  private func writeCourse(to json: inout JSONWriter) {
    writeTimes(to: &json)
    json.key("growth_per_second")
    json.number(orNull: finding.growth?.perSecond)
    json.key("growth_range")
    if let growth = finding.growth {
      json.beginArray()
      json.number(growth.low)
      json.number(growth.high)
      json.endArray()
    } else {
      json.null()
    }
    json.key("oldest")
    if let oldest = finding.oldest { json.age(oldest) } else { json.null() }
    json.key("history")
    json.beginArray()
    for point in finding.history {
      json.beginArray()
      json.number(point.at.seconds)
      json.integer(point.sockets)
      json.endArray()
    }
    json.endArray()
    json.key("forecast")
    guard let forecast = finding.forecast else { return json.null() }
    json.beginObject()
    json.key("resource")
    json.string(forecast.resource.rawValue)
    json.key("used")
    json.integer(forecast.used)
    json.key("limit")
    json.integer(forecast.limit)
    json.key("seconds")
    json.number(orNull: forecast.seconds, decimals: 1)
    json.key("seconds_low")
    json.number(orNull: forecast.lowSeconds, decimals: 1)
    json.key("seconds_high")
    json.number(orNull: forecast.highSeconds, decimals: 1)
    json.endObject()
  }

  private func write(_ example: ExampleSocket, to json: inout JSONWriter) {
    let row = example.row
    json.beginObject()
    json.key("pid")
    json.integer(orNull: example.holder?.process.pid)
    json.key("fd")
    json.integer(orNull: example.holder?.fd)
    json.connection(row)
    json.key("age")
    json.age(example.age)
    json.endObject()
  }

  private func writeGuide(to json: inout JSONWriter) {
    json.key("guide")
    json.beginObject()
    json.key("title")
    json.string(guide.title)
    json.key("meaning")
    json.string(guide.meaning)
    json.key("now")
    json.beginArray()
    for step in guide.now { json.string(step) }
    json.endArray()
    json.key("fix")
    json.beginArray()
    for step in guide.fix { json.string(step) }
    json.endArray()
    json.key("does_not_help")
    json.beginArray()
    for futile in guide.doesNotHelp {
      json.beginObject()
      json.key("what")
      json.string(futile.what)
      json.key("why")
      json.string(futile.why)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}
