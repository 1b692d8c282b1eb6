// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What of a journal was read, and from where.
package struct JournalReach: Hashable, Sendable {
  /// Files that were read.
  package var readable: [String]
  /// Files and directories that this user may not read.
  package var refused: [String]
  /// When the oldest entry was written: seconds since 1970.
  package var reachesBackTo: Double?
  /// Entries that are damaged.
  package var damaged = 0

  package init(readable: [String], refused: [String]) {
    self.readable = readable
    self.refused = refused
  }

  /// Whether none of the system's own files can be read: the daemon's entries are in no others.
  package var isBlind: Bool {
    let isSystem = { (path: String) in
      path.split(separator: "/").last?.hasPrefix("user-") != true
    }
    return !refused.isEmpty && !readable.contains(where: isSystem)
  }

  /// The remedy for what was refused.
  package static let remedy = """
    run as root, or join a group that may (sudo usermod -aG systemd-journal NAME, then log in \
    again)
    """
}

/// The history of findings for people: newest first, by day.
package struct HistoryText {
  private let history: History
  private let filter: HistoryFilter
  private let reach: JournalReach
  private let style: TextStyle
  private let calendar: (Double) -> CalendarTime

  /// - Parameter calendar: Turns seconds since 1970 into the reader's time.
  package init(
    _ history: History, filter: HistoryFilter, reach: JournalReach, style: TextStyle,
    calendar: @escaping (Double) -> CalendarTime
  ) {
    self.history = history
    self.filter = filter
    self.reach = reach
    self.style = style
    self.calendar = calendar
  }

  /// The whole page.
  package func text() -> String {
    var page = TextPage(style: style)
    page.paragraph(summary, .strong)
    var day = ""
    for entry in entries {
      let began = calendar(entry.seconds)
      if began.date != day {
        day = began.date
        page.heading(day)
      }
      page.blank()
      switch entry {
      case .story(let story): write(story, on: day, to: &page)
      case .release(let release): write(release, on: day, to: &page)
      }
    }
    page.blank()
    for note in notes { page.paragraph(note) }
    return page.text
  }

  /// What stands under the day it began.
  private enum Entry {
    case story(FindingStory)
    case release(ToldRelease)

    var seconds: Double {
      switch self {
      case .story(let story): story.began.seconds
      case .release(let release): release.at
      }
    }
  }

  /// Newest first: both lists are already.
  private var entries: [Entry] {
    var entries: [Entry] = []
    var releases = history.releases[...]
    for story in history.stories {
      while let release = releases.first, release.at >= story.began.seconds {
        entries.append(.release(releases.removeFirst()))
      }
      entries.append(.story(story))
    }
    return entries + releases.map(Entry.release)
  }

  private var summary: String {
    let window =
      "since \(moment(filter.since, on: ""))"
      + (filter.until.map { " and before \(moment($0, on: ""))" } ?? "")
    let releases = Quantity.count(history.releases.count, "release")
    guard !history.stories.isEmpty else {
      let besides = history.releases.isEmpty ? "" : "; \(releases)"
      return "No findings\(narrowed) in the journal \(window)\(besides)."
    }
    let firing = history.stillFiring
    let untold = history.stories.count { if case .untold = $0.ending { true } else { false } }
    var parts = [Quantity.count(history.stories.count, "finding") + "\(narrowed) \(window)"]
    parts.append(firing == 0 ? "none still firing" : "\(Quantity.count(firing)) still firing")
    if untold > 0 { parts.append("\(Quantity.count(untold)) without an end in the journal") }
    if !history.releases.isEmpty { parts.append(releases) }
    return parts.joined(separator: ", ") + "."
  }

  private var narrowed: String {
    var words = ""
    if let rule = filter.rule { words += " of \(rule.rawValue)" }
    if let unit = filter.unit { words += " in \(printable(unit))" }
    return words
  }

  private func write(_ story: FindingStory, on day: String, to page: inout TextPage) {
    let event = story.last
    let mark = style.mark(story.severity.name.uppercased(), Emphasis(story.severity))
    page.paragraph("\(mark) \(event.rule.rawValue): \(who(event))")
    page.field("began", beginning(story, on: day))
    if story.stepCount > 0 { page.field("worsened", steps(story, on: day)) }
    page.field(endingLabel(story), ending(story, on: day))
    if let place = place(event) { page.field("where", place) }
    if let root = root(event) { page.field("root", root) }
    if let accepted = event.accepted {
      let until = "until \(accepted.until) (\(printable(accepted.reason)))"
      page.field(
        "known",
        accepted.standing == .inForce
          ? "accepted \(until)" : AcceptedWords.over(accepted.standing) + ", " + until)
    }
    if let id = event.becauseOf { page.field("because of", printable(id)) }
    let guide = event.rule.guide(to: GuideSubject(event.cause))
    page.field("cause", "\(event.cause.rawValue): \(guide.title)")
  }

  private func write(_ release: ToldRelease, on day: String, to page: inout TextPage) {
    let sockets = Quantity.count(release.released, "socket")
    let home = release.unit.map { " in \(printable($0))" } ?? ""
    let mark = style.mark("RELEASED", .strong)
    page.paragraph(
      "\(mark) \(sockets) in CLOSE_WAIT: \(printable(release.command))[\(release.pid)]\(home)")
    page.field("at", "\(moment(release.at, on: day)), by user \(release.loginUID ?? release.uid)")
    let port = release.localPort.map { ", local port \($0)" } ?? ""
    page.field(
      "only",
      "those in CLOSE_WAIT for \(Quantity.duration(release.olderThanSeconds)) and more\(port)")
    var besides: [String] = []
    if release.gone > 0 { besides.append("\(Quantity.count(release.gone)) already gone") }
    if release.failed > 0 { besides.append("\(Quantity.count(release.failed)) failed") }
    if !besides.isEmpty { page.field("besides", besides.joined(separator: ", ")) }
  }

  private func beginning(_ story: FindingStory, on day: String) -> String {
    let what = story.socketsAtBegin.map { " with \(self.what($0, story.last))" }
    return switch story.began {
    case .told(let at): moment(at, on: day) + (what ?? "")
    case .reckoned(let at): "\(moment(at, on: day)), estimated: that entry was not read"
    case .before(let at): "before \(moment(at, on: day)): that entry was not read"
    }
  }

  private func steps(_ story: FindingStory, on day: String) -> String {
    let count = story.stepCount == 1 ? "once" : "\(Quantity.count(story.stepCount)) times"
    let shown = story.steps.suffix(4)
    var severity = story.severity
    if let first = shown.first { severity = first.severity }
    let words = shown.map { step in
      let isWorse = step.severity > severity
      severity = step.severity
      return "\(moment(step.at, on: day)) \(Quantity.count(step.sockets))"
        + (isWorse ? " (\(step.severity.name))" : "")
    }
    let earlier = story.stepCount > shown.count ? "the last: " : ""
    return "\(count): \(earlier)\(words.joined(separator: ", "))"
  }

  private func endingLabel(_ story: FindingStory) -> String {
    story.ending == .stillFiring ? "now" : "ended"
  }

  private func ending(_ story: FindingStory, on day: String) -> String {
    let counts = "at most \(what(story.peak, story.last))"
    switch story.ending {
    case .resolved(let at):
      let fired = story.firedSeconds(now: history.now).map { " after \(Quantity.duration($0))" }
      let how = story.last.end.map { "; " + EndWords.sentence($0, in: story.last.state) }
      let last = story.last.sockets
      let change =
        how != nil || last == story.peak ? "" : ", \(Quantity.count(last)) at the last count"
      return "\(moment(at, on: day))\(fired ?? "")\(how ?? ""); \(counts)\(change)"
    case .stillFiring:
      let fired = story.firedSeconds(now: history.now).map { " for \(Quantity.duration($0))" }
      return style.mark("still firing", .strong) + "\(fired ?? ""); \(counts), last reported "
        + moment(story.lastAt, on: day)
    case .untold(let silence):
      return "unknown: no end in the journal. \(words(silence, on: day)). Last reported "
        + "\(moment(story.lastAt, on: day)); \(counts)"
    }
  }

  private func words(_ silence: FindingStory.Silence, on day: String) -> String {
    switch silence {
    case .daemonStopped(let at): "The daemon stopped at \(moment(at, on: day))"
    case .reportedAgain(let at): "A restarted daemon reported it again at \(moment(at, on: day))"
    case .rebooted: "The host has rebooted since"
    case .writerGone(let pid): "The daemon that reported it (pid \(pid)) is gone"
    }
  }

  private func what(_ sockets: Int, _ event: JournalEvent) -> String {
    FindingWords.what(sockets, of: event.rule, in: event.state)
  }

  private func who(_ event: JournalEvent) -> String {
    let owner = event.owner
    guard let actor = event.actor else {
      return owner.kind == .kernel ? "no process" : printable(owner.title)
    }
    var home = ""
    // A container's scope has nothing but its 64 digits.
    if actor.container == nil || owner.kind != .container,
      let unit = actor.unit ?? (owner.kind == .unit ? owner.name : nil)
    {
      home = " in \(printable(unit))"
    } else if let container = actor.container {
      home = " in \(printable(ContainerWords.name(container, actor.names)))"
    }
    return "\(printable(actor.command))[\(actor.pid)]\(home)"
  }

  private func place(_ event: JournalEvent) -> String? {
    var parts: [String] = []
    if let port = event.localPort { parts.append("local port \(port)") }
    if let place = destination(event) { parts.append("to \(place)") }
    if let name = event.namespaceName { parts.append("netns \(printable(name))") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Where connections that it opened went to; nil for those that came in.
  private func destination(_ event: JournalEvent) -> String? {
    guard event.localPort == nil, let port = event.remotePort else { return nil }
    guard let most = event.remotes.first, most.hasSuffix(":\(port)") else { return "port \(port)" }
    return printable(most) + (event.remotes.count > 1 ? " and other places" : "")
  }

  private func root(_ event: JournalEvent) -> String? {
    guard let root = event.root else { return nil }
    let place = root.place.map { " " + printable($0) } ?? ""
    let command = root.command.map { printable($0) } ?? ""
    return RootWords.what(root.kind, hasPlace: root.place != nil) + place
      + (root.pid.map { " (\(command)[\($0)])" } ?? "")
  }

  private var notes: [String] {
    var notes: [String] = []
    if !history.stories.isEmpty || !history.releases.isEmpty {
      notes.append("Each entry with its remedy: journalctl -x -t closewatch")
    } else if reach.refused.isEmpty {
      notes.append("closewatch daemon writes them: check that it runs (closewatch doctor).")
    }
    if let back = reach.reachesBackTo, back > filter.since {
      notes.append("The journal goes back to \(moment(back, on: "")) only.")
    }
    notes += reach.refused.isEmpty ? [] : [refusal]
    if history.unreadable > 0 {
      notes.append(
        Quantity.count(history.unreadable, "entry", plural: "entries")
          + " not understood: from another version of closewatch, or from another program"
          + (history.firstError.map { " (\($0.field))" } ?? "") + ".")
    }
    if history.foreign > 0 {
      notes.append(
        Quantity.count(history.foreign, "entry", plural: "entries")
          + " ignored: they look like closewatch's, and uid "
          + history.foreignUsers.map(printable).sorted().joined(separator: ", ")
          + " wrote them, not root or its service.")
    }
    if reach.damaged > 0 {
      notes.append(
        Quantity.count(reach.damaged, "entry", plural: "entries")
          + " damaged: journalctl --verify says where.")
    }
    if history.dropped > 0 {
      notes.append(
        "\(Quantity.count(history.dropped, "older story", plural: "older stories")) left out: "
          + "narrow it with --since, --unit or --rule.")
    }
    if history.droppedReleases > 0 {
      notes.append(
        "\(Quantity.count(history.droppedReleases, "older release")) left out: narrow it with "
          + "--since or --unit.")
    }
    return notes
  }

  private var refusal: String {
    "\(Quantity.count(reach.refused.count, "file")) of the journal cannot be read, for example "
      + "\(printable(reach.refused[0])): \(JournalReach.remedy)."
  }

  /// `14:02:11` on the day of the heading, with its date on another.
  private func moment(_ seconds: Double, on day: String) -> String {
    let time = calendar(seconds)
    return time.date == day ? time.clock : "\(time.date) \(time.clock)"
  }

  private func printable(_ text: String) -> String {
    UntrustedText.printable(text, unicode: style.unicode)
  }
}
