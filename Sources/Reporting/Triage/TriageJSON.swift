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
    json.key("schema_version")
    json.integer(1)
    json.key("watched_seconds")
    json.number(report.watchedSeconds)
    writeSource()
    if let target = report.target {
      json.key("target")
      json.string(target.description)
    }
    json.key("findings")
    json.beginArray()
    for finding in report.findings {
      FindingJSON(finding, guide: report.guide(for: finding), clock: clock).write(to: &json)
    }
    json.endArray()
    writeCensus()
    writeSuspicious()
    json.key("gaps")
    json.gaps(report.gaps)
    json.endObject()
    json.endLine()
  }

  private var clock: WallTime { report.clock(offsetSeconds: 0) }

  private mutating func writeSource() {
    json.key("source")
    json.beginObject()
    json.key("kind")
    switch report.source {
    case .daemon(let watch):
      json.string("daemon")
      json.key("watching_since")
      json.number(clock.seconds(of: watch.since))
      json.key("newest_look")
      json.number(clock.seconds(of: watch.newestLookAt))
      json.key("newest_look_age_seconds")
      json.number(max(0, watch.askedAt.seconds(since: watch.newestLookAt)))
      json.key("established_look")
      json.number(clock.seconds(of: watch.establishedAt ?? watch.newestLookAt))
      json.key("interval_seconds")
      json.number(watch.intervalSeconds)
      json.key("is_backed_off")
      json.bool(watch.isBackedOff)
      json.key("patience_seconds")
      json.number(watch.patienceSeconds)
    case .look(let why):
      json.string("look")
      json.key("newest_look")
      json.number(report.census.wallClockSeconds)
      json.key("daemon")
      json.string(why.name)
    }
    json.key("text")
    json.string(report.sourceWords.sentence)
    json.endObject()
  }

  private mutating func writeCensus() {
    json.key("census")
    json.beginObject()
    json.key("sockets")
    json.integer(report.census.sockets)
    json.key("processes")
    json.integer(report.census.processes)
    json.key("states")
    write(report.census.sums, allStates: true)
    json.key("namespaces")
    json.beginArray()
    for account in report.census.namespaces {
      json.beginObject()
      json.key("netns")
      json.integer(account.id.rawValue)
      json.key("netns_name")
      json.string(orNull: account.sample.name)
      json.key("source")
      json.string(account.sample.source.rawValue)
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
    json.key("unjudged")
    json.beginArray()
    for group in report.census.suspicious {
      json.beginObject()
      json.key("owner")
      json.string(group.ownerName)
      json.key("what")
      json.string(group.kind.words)
      json.key("sockets")
      json.integer(group.sockets)
      json.key("oldest")
      if let oldest = group.oldest { json.age(oldest) } else { json.null() }
      json.endObject()
    }
    json.endArray()
  }
}
