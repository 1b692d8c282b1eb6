// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// Which stories are wanted.
package struct HistoryFilter: Hashable, Sendable {
  /// Only those that were not over by then: seconds since 1970.
  package var since: Double
  /// Only those that had begun by then.
  package var until: Double?
  package var rule: RuleID?
  /// A unit, with or without `.service`, or the name of another owner.
  package var unit: String?

  package init(since: Double) { self.since = since }

  func admits(_ event: JournalEvent) -> Bool {
    if let rule, event.rule != rule { return false }
    guard let unit else { return true }
    return event.owner.isMeant(by: unit) || ProcessRecord.isUnit(event.actor?.unit, called: unit)
  }

  /// A release is of the findings about CLOSE_WAIT, whichever of them there was.
  func admits(_ release: ToldRelease) -> Bool {
    if let rule, rule.guide.states != [.closeWait] { return false }
    if release.at < since || until.map({ release.at > $0 }) ?? false { return false }
    guard let unit else { return true }
    // Who has no unit is called by the command, like the owner of a finding.
    return ProcessRecord.isUnit(release.unit ?? release.command, called: unit)
  }

  func admits(_ story: FindingStory) -> Bool {
    if story.ending != .stillFiring, story.lastKnown < since { return false }
    return until.map { story.began.seconds <= $0 } ?? true
  }
}

/// Puts entries together to stories, oldest entry first, in bounded memory.
package struct HistoryFold: Sendable {
  /// How many stories are kept: beyond it the oldest go.
  package static let storiesKept = 10_000
  /// How many releases are kept.
  package static let releasesKept = 10_000

  private let filter: HistoryFilter
  private var open: [String: FindingStory] = [:]
  private var finished: [FindingStory] = []
  private var history = History()

  package init(_ filter: HistoryFilter) { self.filter = filter }

  /// Takes an entry of a finding event.
  package mutating func take(
    _ fields: [JournalEntry.Field], at: Double, bootID: String, writer: FindingStory.Writer?
  ) {
    let event: JournalEvent
    do throws(JournalFieldError) {
      event = try JournalEvent(fields: fields)
    } catch {
      note(error)
      return
    }
    guard filter.admits(event) else { return }
    history.entries += 1
    let id = event.findingID
    if event.kind == .firing, var earlier = open.removeValue(forKey: id) {
      earlier.ending = .untold(
        earlier.daemonStoppedAt.map { .daemonStopped(at: $0) }
          ?? (earlier.bootID == bootID ? .reportedAgain(at: at) : .rebooted))
      close(earlier)
    }
    if open[id] == nil {
      makeRoom()
      open[id] = FindingStory(event, at: at, bootID: bootID, writer: writer)
    } else {
      open[id]?.take(event, at: at, bootID: bootID, writer: writer)
    }
    if event.kind == .resolved, let story = open.removeValue(forKey: id) { close(story) }
  }

  /// Takes an entry of a release.
  package mutating func takeRelease(_ fields: [JournalEntry.Field], at: Double) {
    do throws(JournalFieldError) {
      let release = try ToldRelease(fields: fields, at: at)
      guard filter.admits(release) else { return }
      history.entries += 1
      history.releases.append(release)
      if history.releases.count >= 2 * Self.releasesKept { trim() }
    } catch {
      note(error)
    }
  }

  /// Notes an entry that somebody else has written.
  package mutating func leaveOut(user: String?) {
    history.foreign += 1
    guard history.foreignUsers.count < Self.foreignUsersKept else { return }
    history.foreignUsers.insert(user ?? "unknown")
  }

  private static let foreignUsersKept = 3

  private mutating func note(_ error: JournalFieldError) {
    history.unreadable += 1
    if history.firstError == nil { history.firstError = error }
  }

  /// Notes that the service manager has stopped the daemon.
  package mutating func daemonStopped(at: Double) {
    for id in open.keys where open[id]?.daemonStoppedAt == nil { open[id]?.daemonStoppedAt = at }
  }

  /// What it came to.
  ///
  /// - Parameters:
  ///   - now: The end of what was read, in seconds since 1970.
  ///   - bootID: The start of the machine that the journal ends in.
  ///   - isGone: Whether the process that wrote an entry in that start is known to be gone.
  package mutating func finish(
    now: Double, bootID: String?, isGone: (FindingStory.Writer) -> Bool
  ) -> History {
    for var story in open.values {
      if let at = story.daemonStoppedAt {
        story.ending = .untold(.daemonStopped(at: at))
      } else if let bootID, bootID != story.bootID {
        story.ending = .untold(.rebooted)
      } else if let writer = story.writer, isGone(writer) {
        story.ending = .untold(.writerGone(pid: writer.pid))
      }
      close(story)
    }
    open = [:]
    trim()
    history.stories = finished.sorted { first, second in
      (first.began.seconds, first.last.findingID) > (second.began.seconds, second.last.findingID)
    }
    history.releases.sort { $0.at > $1.at }
    history.now = now
    return history
  }

  private mutating func close(_ story: FindingStory) {
    guard filter.admits(story) else { return }
    finished.append(story)
    // Trimmed now and then: once for each story would move them all each time.
    if finished.count >= 2 * Self.storiesKept { trim() }
  }

  private mutating func trim() {
    let late = history.releases.count - Self.releasesKept
    if late > 0 {
      // They come in the order of the journal, the oldest first.
      history.releases.removeFirst(late)
      history.droppedReleases += late
    }
    let excess = finished.count - Self.storiesKept
    guard excess > 0 else { return }
    finished.sort { $0.lastKnown < $1.lastKnown }
    finished.removeFirst(excess)
    history.dropped += excess
  }

  private mutating func makeRoom() {
    guard open.count >= Self.storiesKept,
      let oldest = open.min(by: { $0.value.lastAt < $1.value.lastAt })
    else { return }
    open[oldest.key] = nil
    history.dropped += 1
  }
}

/// What the journal says about findings.
package struct History: Hashable, Sendable {
  /// Newest first, by when they began.
  package var stories: [FindingStory] = []
  /// Up to when it was read: seconds since 1970.
  package var now = 0.0
  /// Entries that were taken up.
  package var entries = 0
  /// Entries with the identity of an event and without its sense, and why the first one has none.
  package var unreadable = 0
  package var firstError: JournalFieldError?
  /// Entries that look like closewatch's and were written by these users, who may not tell of the
  /// host.
  package var foreign = 0
  package var foreignUsers: Set<String> = []
  /// Stories beyond the bound of memory.
  package var dropped = 0
  /// What `closewatch release` has done, the newest first.
  package var releases: [ToldRelease] = []
  /// Releases beyond the bound of memory.
  package var droppedReleases = 0

  package init() {}

  /// How many fire now, as far as the journal knows.
  package var stillFiring: Int { stories.count { $0.ending == .stillFiring } }
}
