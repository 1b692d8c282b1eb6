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
    if let target = report.target {
      json.key("target")
      json.string(target.description)
    }
    json.key("findings")
    json.beginArray()
    for finding in report.findings {
      FindingJSON(finding, guide: report.guide(for: finding)).write(to: &json)
    }
    json.endArray()
    writeCensus()
    writeSuspicious()
    json.key("gaps")
    json.gaps(report.gaps)
    json.endObject()
    json.endLine()
  }

  private mutating func writeCensus() {
    let censuses = NamespaceCensus.all(in: report.listing.sample)
    json.key("census")
    json.beginObject()
    json.key("sockets")
    json.integer(report.listing.sample.sockets.count)
    json.key("processes")
    json.integer(report.holderCount)
    json.key("states")
    write(NamespaceCensus.total(censuses), allStates: true)
    json.key("namespaces")
    json.beginArray()
    for census in censuses {
      json.beginObject()
      json.key("netns")
      json.integer(census.namespace.id.rawValue)
      json.key("netns_name")
      json.string(orNull: census.namespace.name)
      json.key("source")
      json.string(census.namespace.source.rawValue)
      json.key("states")
      write(census.counts, allStates: false)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// With `allStates`, those that were looked for and have no socket are there with 0.
  private mutating func write(_ counts: [TCPState: Int], allStates: Bool) {
    var counts = counts
    if allStates {
      for state in TCPState.shown where report.listing.sample.states.contains(state) {
        counts[state, default: 0] += 0
      }
    }
    json.beginObject()
    for (state, count) in NamespaceCensus.ordered(counts) {
      json.key(named: state.name)
      json.integer(count)
    }
    json.endObject()
  }

  private mutating func writeSuspicious() {
    json.key("unjudged")
    json.beginArray()
    for group in SuspiciousGroup.groups(in: report) {
      json.beginObject()
      json.key("owner")
      json.string(group.owner)
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
