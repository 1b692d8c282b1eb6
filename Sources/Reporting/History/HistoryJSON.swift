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
    json.member("schema_version", 1)
    json.member("since", filter.since)
    json.member("until", filter.until)
    json.member("read_until", history.now)
    json.member("still_firing", history.stillFiring)
    json.beginArray("stories")
    for story in history.stories { write(story) }
    json.endArray()
    json.beginArray("releases")
    for release in history.releases { write(release) }
    json.endArray()
    json.beginObject("journal")
    json.member("files_read", reach.readable.count)
    json.beginArray("files_refused")
    for path in reach.refused { json.string(path) }
    json.endArray()
    json.member("reaches_back_to", reach.reachesBackTo)
    json.member("entries", history.entries)
    json.member("entries_not_understood", history.unreadable)
    json.member("entries_of_others", history.foreign)
    json.member("entries_damaged", reach.damaged)
    json.member("stories_left_out", history.dropped)
    json.member("releases_left_out", history.droppedReleases)
    json.endObject()
    json.endObject()
    json.endLine()
  }

  private mutating func write(_ story: FindingStory) {
    let event = story.last
    json.beginObject()
    json.member("finding_id", event.findingID)
    json.member("rule", event.rule.rawValue)
    json.member("cause", event.cause.rawValue)
    json.member("because_of", event.becauseOf)
    writeRoot(event.root)
    writeAccepted(event.accepted)
    json.member("severity", story.severity.name)
    json.member("state", event.state.name)
    writeOwner(event)
    writeCourse(story)
    writeEnding(story)
    json.endObject()
  }

  private mutating func write(_ release: ToldRelease) {
    json.beginObject()
    json.member("at", release.at)
    json.member("pid", release.pid)
    json.member("command", release.command)
    json.member("unit", release.unit)
    json.member("released", release.released)
    json.member("gone", release.gone)
    json.member("failed", release.failed)
    json.member("older_than_seconds", release.olderThanSeconds)
    json.member("local_port", release.localPort)
    json.member("uid", release.uid)
    json.member("login_uid", release.loginUID)
    json.endObject()
  }

  private mutating func writeRoot(_ root: JournalEvent.ToldRoot?) {
    json.key("root")
    guard let root else { return json.null() }
    json.beginObject()
    json.member("kind", root.kind.rawValue)
    json.member("place", root.place)
    json.member("pid", root.pid)
    json.member("command", root.command)
    json.endObject()
  }

  private mutating func writeAccepted(_ accepted: JournalEvent.ToldAcceptance?) {
    json.key("accepted")
    guard let accepted else { return json.null() }
    json.beginObject()
    json.member("standing", accepted.standing.rawValue)
    json.member("reason", accepted.reason)
    json.member("until", accepted.until.description)
    json.member("sockets", accepted.sockets)
    json.endObject()
  }

  private mutating func writeOwner(_ event: JournalEvent) {
    json.member("owner", event.owner)
    json.member("pid", event.actor?.pid)
    json.member("command", event.actor?.command)
    json.member("unit", event.actor?.unit)
    let container = event.actor?.container
    json.member("container", container.map(ProcessRecord.containerName))
    json.member("container_id", container.flatMap { ProcessRecord.isContainerID($0) ? $0 : nil })
    json.members(event.actor?.names ?? .unknown, pod: event.actor?.pod)
    json.member("netns", event.namespace.rawValue)
    json.member("netns_name", event.namespaceName)
    json.member("local_port", event.localPort)
    json.member("remote_port", event.remotePort)
  }

  private mutating func writeCourse(_ story: FindingStory) {
    json.member("began", story.began.seconds)
    json.key("began_known_by")
    switch story.began {
    case .told: json.string("entry")
    case .reckoned: json.string("reckoned")
    case .before: json.string("before")
    }
    json.beginObject("sockets")
    json.member("at_begin", story.socketsAtBegin)
    json.member("peak", story.peak)
    json.member("last", story.last.sockets)
    json.endObject()
    json.member("worsened_count", story.stepCount)
    json.beginArray("worsened")
    for step in story.steps {
      json.beginObject()
      json.member("at", step.at)
      json.member("sockets", step.sockets)
      json.member("severity", step.severity.name)
      json.endObject()
    }
    json.endArray()
    json.member("last_told", story.lastAt)
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
      case .reportedAgain(let time): (why, at) = ("told-anew", time)
      case .rebooted: why = "rebooted"
      case .writerGone: why = "daemon-gone"
      }
    }
    json.member("status", status)
    json.member("ended", ended)
    json.key("end")
    if let end = story.last.end {
      json.beginObject()
      json.member("how", end.how.rawValue)
      json.member("gone", end.gone)
      json.member("members", end.members)
      json.member("newer", end.newer)
      json.member("pid", end.pid)
      json.member("continued_as", end.continuedAs)
      json.endObject()
    } else {
      json.null()
    }
    json.member("fired_seconds", story.firedSeconds(now: history.now))
    json.member("no_end_because", why)
    json.member("no_end_since", at)
  }
}
