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
    json.beginArray("processes")
    for culprit in finding.culprits { write(culprit, to: &json) }
    json.endArray()
    writeCourse(to: &json)
    json.beginArray("evidence")
    for evidence in finding.evidence { EvidenceJSON.write(evidence, to: &json) }
    json.endArray()
    json.beginArray("doubts")
    for doubt in finding.doubts { json.string(doubt.rawValue) }
    json.endArray()
    json.beginArray("examples")
    for example in finding.examples { write(example, to: &json) }
    json.endArray()
    writeGuide(to: &json)
    json.endObject()
  }

  private func writeVerdict(to json: inout JSONWriter) {
    json.member("id", finding.id)
    json.member("rule", finding.rule.rawValue)
    json.member("cause", finding.cause.rawValue)
    json.member("because_of", finding.becauseOf)
    writeRoot(to: &json)
    writeAccepted(to: &json)
    json.member("state", finding.lifecycle.rawValue)
    json.member("severity", finding.severity.name)
    json.member("sockets", finding.sockets)
    json.member("peak_sockets", max(finding.peak, finding.sockets))
    json.member("socket_state", finding.state.name)
    json.member("owner", finding.owner)
    json.member("runtime", finding.runtime.rawValue)
  }

  private func writeAccepted(to json: inout JSONWriter) {
    json.key("accepted")
    guard let accepted = finding.accepted else { return json.null() }
    json.beginObject()
    for field in Acceptance.Field.allCases {
      json.key(named: field.rawValue)
      json.string(accepted.acceptance.text(field))
    }
    json.member("standing", accepted.standing.rawValue)
    json.member("sockets", accepted.sockets)
    json.endObject()
  }

  private func writeRoot(to json: inout JSONWriter) {
    json.key("root")
    guard let root = finding.root else { return json.null() }
    json.beginObject()
    json.member("kind", root.kind.rawValue)
    json.member("place", root.place)
    json.member("pid", root.process?.id.pid)
    json.member("command", root.process?.command)
    if let waiting = root.waiting {
      json.beginObject("waiting")
      json.member("connecting", waiting.connecting)
      json.member("unanswered", waiting.unanswered)
      json.member("idle", waiting.idle)
      json.member("send_q_full", waiting.blocked)
      json.endObject()
    } else {
      json.key("waiting")
      json.null()
    }
    json.endObject()
  }

  private func writePlaces(to json: inout JSONWriter) {
    json.member("netns", finding.namespace.rawValue)
    json.member("netns_name", finding.namespaceName)
    json.member("local_port", finding.localPort)
    json.member("remote_port", finding.remotePort)
    json.beginArray("peers")
    for peer in finding.peers {
      json.beginObject()
      json.member("remote", peer.remote)
      json.member("sockets", peer.sockets)
      json.endObject()
    }
    json.endArray()
  }

  private func write(_ culprit: Culprit, to json: inout JSONWriter) {
    let process = culprit.process
    json.beginObject()
    json.member("pid", process.id.pid)
    json.member("start_ticks", process.id.startTicks)
    json.member("role", culprit.role.rawValue)
    json.member("attribution", culprit.attribution.rawValue)
    json.member("sockets", culprit.sockets)
    json.member("command", process.command)
    json.member("executable", process.executable)
    json.member("main", process.mainName)
    json.member("unit", process.unit)
    json.member("container", process.containerName)
    json.member("container_id", process.containerID)
    json.members(process.names, pod: process.pod)
    json.member("cgroup", process.cgroup)
    json.member("descriptors", process.descriptorCount)
    json.member("descriptor_limit", process.descriptorSoftLimit)
    json.endObject()
  }

  private func writeTimes(to json: inout JSONWriter) {
    json.member("first_seen", finding.firstSeen.map(clock.seconds))
    json.member("firing_since", finding.firingSince.map(clock.seconds))
    json.member("not_growing_since", finding.notGrowingSince.map(clock.seconds))
    json.member("not_seen", finding.unseen)
    json.member("not_seen_since", finding.notSeenSince.map(clock.seconds))
    writeEnd(to: &json)
    json.beginArray("changes")
    for change in finding.changes { write(change, to: &json) }
    json.endArray()
  }

  private func writeEnd(to json: inout JSONWriter) {
    json.key("end")
    guard let end = finding.end else { return json.null() }
    let told = JournalEvent.End(end)
    json.beginObject()
    json.member("how", told.how.rawValue)
    json.member("at", clock.seconds(of: end.at))
    json.member("gone", told.gone)
    json.member("members", told.members)
    json.member("pid", told.pid)
    json.member("continued_as", told.continuedAs)
    json.member("newer", told.newer)
    json.endObject()
  }

  private func write(_ change: FindingChange, to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", clock.seconds(of: change.at))
    json.key("what")
    switch change.kind {
    case .appeared(let sockets): write("appeared", "sockets", sockets, to: &json)
    case .fired(let sockets): write("fired", "sockets", sockets, to: &json)
    case .doubled(let sockets): write("doubled", "sockets", sockets, to: &json)
    case .replaced(let was, let now):
      write("replaced", "pid_was", Int(was.pid), to: &json)
      json.member("pid", now.pid)
    case .severity(let severity):
      json.string("severity")
      json.member("severity", severity.name)
    case .acceptanceOver(let standing):
      json.string("acceptance-over")
      json.member("standing", standing.rawValue)
    case .ended: json.string("ended")
    }
    json.endObject()
  }

  private func write(
    _ what: String, _ key: StaticString, _ value: Int, to json: inout JSONWriter
  ) {
    json.string(what)
    json.member(key, value)
  }

  private func writeCourse(to json: inout JSONWriter) {
    writeTimes(to: &json)
    json.member("growth_per_second", finding.growth?.perSecond)
    json.key("growth_range")
    if let growth = finding.growth {
      json.beginArray()
      json.number(growth.low)
      json.number(growth.high)
      json.endArray()
    } else {
      json.null()
    }
    json.member("oldest", finding.oldest)
    json.beginArray("history")
    for point in finding.history {
      json.beginArray()
      json.number(clock.seconds(of: point.at))
      json.integer(point.sockets)
      json.endArray()
    }
    json.endArray()
    json.key("forecast")
    guard let forecast = finding.forecast else { return json.null() }
    json.beginObject()
    json.member("resource", forecast.resource.rawValue)
    json.member("used", forecast.used)
    json.member("limit", forecast.limit)
    json.member("seconds", forecast.seconds, decimals: 1)
    json.member("seconds_low", forecast.lowSeconds, decimals: 1)
    json.member("seconds_high", forecast.highSeconds, decimals: 1)
    json.endObject()
  }

  private func write(_ example: ExampleSocket, to json: inout JSONWriter) {
    let row = example.row
    json.beginObject()
    json.member("pid", example.holder?.process.pid)
    json.member("fd", example.holder?.fd)
    json.connection(row)
    json.member("age", example.age)
    json.endObject()
  }

  private func writeGuide(to json: inout JSONWriter) {
    json.beginObject("guide")
    json.member("title", guide.title)
    json.member("meaning", guide.meaning)
    json.beginArray("now")
    for step in guide.now { json.string(step) }
    json.endArray()
    json.beginArray("fix")
    for step in guide.fix { json.string(step) }
    json.endArray()
    json.beginArray("does_not_help")
    for futile in guide.doesNotHelp {
      json.beginObject()
      json.member("what", futile.what)
      json.member("why", futile.why)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}
