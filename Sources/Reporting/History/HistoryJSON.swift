// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The history of findings as one JSON object. Keys are stable within `schema_version`; times are
/// seconds since 1970.
package struct HistoryJSON {
  private let history: History
  private let filter: HistoryFilter
  private let reach: JournalReach
  private var json = JSONWriter()

  package init(_ history: History, filter: HistoryFilter, reach: JournalReach) {
    self.history = history
    self.filter = filter
    self.reach = reach
  }

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
    json.key("since")
    json.number(filter.since)
    json.key("until")
    json.number(orNull: filter.until)
    json.key("read_until")
    json.number(history.now)
    json.key("still_firing")
    json.integer(history.stillFiring)
    json.key("stories")
    json.beginArray()
    for story in history.stories { write(story) }
    json.endArray()
    json.key("releases")
    json.beginArray()
    for release in history.releases { write(release) }
    json.endArray()
    json.key("journal")
    json.beginObject()
    json.key("files_read")
    json.integer(reach.readable.count)
    json.key("files_refused")
    json.beginArray()
    for path in reach.refused { json.string(path) }
    json.endArray()
    json.key("reaches_back_to")
    json.number(orNull: reach.reachesBackTo)
    json.key("entries")
    json.integer(history.entries)
    json.key("entries_not_understood")
    json.integer(history.unreadable)
    json.key("entries_damaged")
    json.integer(reach.damaged)
    json.key("stories_left_out")
    json.integer(history.dropped)
    json.key("releases_left_out")
    json.integer(history.droppedReleases)
    json.endObject()
    json.endObject()
    json.endLine()
  }

  private mutating func write(_ story: FindingStory) {
    let event = story.last
    json.beginObject()
    json.key("finding_id")
    json.string(event.findingID)
    json.key("rule")
    json.string(event.rule.rawValue)
    json.key("cause")
    json.string(event.cause.rawValue)
    json.key("severity")
    json.string(story.severity.name)
    json.key("state")
    json.string(event.state.name)
    writeOwner(event)
    writeCourse(story)
    writeEnding(story)
    json.endObject()
  }

  private mutating func write(_ release: ToldRelease) {
    json.beginObject()
    json.key("at")
    json.number(release.at)
    json.key("pid")
    json.integer(release.pid)
    json.key("command")
    json.string(release.command)
    json.key("unit")
    json.string(orNull: release.unit)
    json.key("released")
    json.integer(release.released)
    json.key("gone")
    json.integer(release.gone)
    json.key("failed")
    json.integer(release.failed)
    json.key("older_than_seconds")
    json.number(release.olderThanSeconds)
    json.key("local_port")
    json.integer(orNull: release.localPort)
    json.key("uid")
    json.integer(release.uid)
    json.key("login_uid")
    json.integer(orNull: release.loginUID)
    json.endObject()
  }

  private mutating func writeOwner(_ event: JournalEvent) {
    json.key("owner")
    json.beginObject()
    json.key("kind")
    json.string(event.owner.kind.rawValue)
    json.key("name")
    json.string(event.owner.name)
    json.endObject()
    json.key("pid")
    json.integer(orNull: event.actor?.pid)
    json.key("command")
    json.string(orNull: event.actor?.command)
    json.key("unit")
    json.string(orNull: event.actor?.unit)
    json.key("container")
    json.string(orNull: event.actor?.container)
    json.key("netns")
    json.integer(event.namespace.rawValue)
    json.key("netns_name")
    json.string(orNull: event.namespaceName)
    json.key("local_port")
    json.integer(orNull: event.localPort)
    json.key("remote_port")
    json.integer(orNull: event.remotePort)
  }

  private mutating func writeCourse(_ story: FindingStory) {
    json.key("began")
    json.number(story.began.seconds)
    json.key("began_known_by")
    switch story.began {
    case .told: json.string("entry")
    case .reckoned: json.string("reckoned")
    case .before: json.string("before")
    }
    json.key("sockets")
    json.beginObject()
    json.key("at_begin")
    json.integer(orNull: story.socketsAtBegin)
    json.key("peak")
    json.integer(story.peak)
    json.key("last")
    json.integer(story.last.sockets)
    json.endObject()
    json.key("worsened_count")
    json.integer(story.stepCount)
    json.key("worsened")
    json.beginArray()
    for step in story.steps {
      json.beginObject()
      json.key("at")
      json.number(step.at)
      json.key("sockets")
      json.integer(step.sockets)
      json.key("severity")
      json.string(step.severity.name)
      json.endObject()
    }
    json.endArray()
    json.key("last_told")
    json.number(story.lastAt)
  }

  private mutating func writeEnding(_ story: FindingStory) {
    var (status, ended, why, at): (String, Double?, String?, Double?) = ("firing", nil, nil, nil)
    switch story.ending {
    case .stillFiring: break
    case .resolved(let time): (status, ended) = ("resolved", time)
    case .untold(let silence):
      status = "unknown"
      switch silence {
      case .daemonStopped(let time): (why, at) = ("daemon-stopped", time)
      case .toldAnew(let time): (why, at) = ("told-anew", time)
      case .rebooted: why = "rebooted"
      case .writerGone: why = "daemon-gone"
      }
    }
    json.key("status")
    json.string(status)
    json.key("ended")
    json.number(orNull: ended)
    json.key("end")
    if let end = story.last.end {
      json.beginObject()
      json.key("how")
      json.string(end.how.rawValue)
      json.key("gone")
      json.integer(end.gone)
      json.key("members")
      json.integer(end.members)
      json.key("pid")
      json.integer(orNull: end.pid)
      json.key("continued_as")
      json.string(orNull: end.continuedAs)
      json.endObject()
    } else {
      json.null()
    }
    json.key("fired_seconds")
    json.number(orNull: story.firedSeconds(now: history.now))
    json.key("no_end_because")
    json.string(orNull: why)
    json.key("no_end_since")
    json.number(orNull: at)
  }
}
