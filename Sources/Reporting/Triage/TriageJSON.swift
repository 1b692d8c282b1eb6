// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A triage as one JSON object. Keys are stable within `schema_version`.
package struct TriageJSON {
  private let report: TriageReport
  private var json = JSONWriter()

  package init(_ report: TriageReport) { self.report = report }

  /// The whole document, with a line feed at its end.
  package func bytes() -> [UInt8] {
    var copy = self
    copy.write()
    return copy.json.bytes
  }

  private mutating func write() {
    json.beginObject()
    json.member("schema_version", 1)
    if let host = report.hostName { json.member("host", host) }
    json.member("time", clock.seconds(of: report.census.takenAt))
    json.member("watched_seconds", report.watchedSeconds)
    writeSource()
    if let target = report.target {
      json.member("target", target.description)
    }
    json.beginArray("findings")
    for finding in report.findings {
      FindingJSON(finding, guide: report.guide(for: finding), clock: clock).write(to: &json)
    }
    json.endArray()
    writeLeftOut()
    writeCensus()
    writeSuspicious()
    json.key("gaps")
    json.gaps(report.gaps)
    json.endObject()
    json.endLine()
  }

  /// Findings that are not in the list above because there were too many, by severity. Not there
  /// when there are none.
  private mutating func writeLeftOut() {
    guard report.leftOut.count > 0 else { return }
    json.beginObject("left_out")
    for severity in Severity.allCases {
      json.key(named: severity.name)
      json.integer(report.leftOut.bySeverity[severity] ?? 0)
    }
    json.endObject()
  }

  private var clock: WallTime { report.clock(offsetSeconds: 0) }

  private mutating func writeSource() {
    json.beginObject("source")
    json.key("kind")
    switch report.source {
    case .daemon(let watch):
      json.string("daemon")
      json.member("watching_since", clock.seconds(of: watch.since))
      json.member("newest_look", clock.seconds(of: watch.newestLookAt))
      json.member(
        "newest_look_age_seconds", max(0, watch.askedAt.seconds(since: watch.newestLookAt)))
      json.member("established_look", clock.seconds(of: watch.establishedAt ?? watch.newestLookAt))
      json.member("interval_seconds", watch.intervalSeconds)
      json.member("is_backed_off", watch.isBackedOff)
      json.member("patience_seconds", watch.patienceSeconds)
    case .look(let why):
      json.string("look")
      json.member("newest_look", report.census.wallClockSeconds)
      json.member("daemon", why.name)
    }
    json.member("text", report.sourceWords.sentence)
    json.endObject()
  }

  private mutating func writeCensus() {
    json.beginObject("census")
    json.member("sockets", report.census.sockets)
    json.member("processes", report.census.processes)
    json.key("states")
    write(report.census.sums, allStates: true)
    json.beginArray("namespaces")
    for account in report.census.namespaces {
      json.beginObject()
      json.member("netns", account.id.rawValue)
      json.member("netns_name", account.sample.name)
      json.member("source", account.sample.source.rawValue)
      json.key("states")
      write(account.states, allStates: false)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// With `allStates`, those that were looked for and have no socket are there with 0.
  private mutating func write(_ sums: StateCounts, allStates: Bool) {
    var counts = sums.byState
    if allStates {
      for state in TCPState.shown where report.census.states.contains(state) {
        counts[state, default: 0] += 0
      }
    }
    json.beginObject()
    for (state, count) in StateWords.ordered(counts) {
      json.key(named: state.name)
      json.integer(count)
    }
    json.endObject()
  }

  private mutating func writeSuspicious() {
    json.beginArray("unjudged")
    for group in report.census.suspicious {
      json.beginObject()
      json.member("owner", group.ownerName)
      json.member("what", group.kind.words)
      json.member("sockets", group.sockets)
      json.member("oldest", group.oldest)
      json.endObject()
    }
    json.endArray()
  }
}
