// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The lines at the top: where, when, what there is, and what could not be seen.
struct TopHeader {
  private let state: TopState
  private let columns: Int
  private let now: BootInstant

  init(_ state: TopState, columns: Int, now: BootInstant) {
    self.state = state
    self.columns = columns
    self.now = now
  }

  private var style: TextStyle { state.place.style }

  func lines() -> [ScreenLine] {
    var lines = [title()]
    guard let picture = state.picture else {
      if let failure = failure() { lines.append(failure) }
      return lines
    }
    lines += states(picture)
    lines.append(verdicts(picture))
    if let failure = failure() { lines.append(failure) }
    if let gaps = gaps(picture) { lines.append(gaps) }
    return lines
  }

  // MARK: The first line

  private func title() -> ScreenLine {
    let host = UntrustedText.printable(state.place.host, unicode: style.unicode)
    var left = " closewatch top  " + host
    switch state.page {
    case .owners: break
    case .sockets(let owner), .socket(let owner, _):
      left += " \(style.arrow) " + OwnerWords.name(owner, unicode: style.unicode)
    }
    let right = clock() + " "
    var line = ScreenLine()
    let room = columns - UntrustedText.columns(right) - 1
    line.add(cell: left, width: max(0, room), unicode: style.unicode)
    line.add(" " + right)
    line.isReverse = true
    return line
  }

  private func clock() -> String {
    var parts: [String] = []
    if state.isPaused { parts.append("PAUSED") }
    if let since = state.lookingSince, now.seconds(since: since) >= 3 {
      parts.append("looking for \(Quantity.duration(now.seconds(since: since).rounded()))")
    } else if columns >= 70 {
      parts.append("every \(Quantity.duration(state.intervalSeconds))")
    }
    if let picture = state.picture {
      parts.append(
        ClockText.time(picture.sample.wallClockSeconds, state.place.utcOffsetSeconds))
    }
    return parts.joined(separator: "  ")
  }

  // MARK: What there is

  /// `CLOSE_WAIT 88!  FIN_WAIT2 3  ESTAB 703`: what can be wrong first, in two lines at most.
  private func states(_ picture: TopPicture) -> [ScreenLine] {
    var lines = [ScreenLine(" ")]
    for (text, emphasis) in counts(picture) {
      let size = UntrustedText.columns(text)
      var last = lines[lines.count - 1]
      if last.columns > 1, last.columns + size + 2 > columns {
        guard lines.count < 2 else { break }
        lines.append(ScreenLine(" "))
        last = lines[lines.count - 1]
      }
      last.add((last.columns > 1 ? "  " : ""), .plain)
      last.add(text, emphasis)
      lines[lines.count - 1] = last
    }
    return lines
  }

  private func counts(_ picture: TopPicture) -> [(String, Emphasis)] {
    var counts = picture.states
    // A dead socket is in no table; CLOSE is what its descriptor says.
    counts[.close, default: 0] += picture.deadSockets.count
    var found: [(String, Emphasis)] = []
    for (state, count) in StateWords.ordered(counts) where count > 0 {
      let name =
        state == .established ? "ESTAB" : state == .close ? "DEAD" : state.name
      let isStuck = picture.stuckStates.contains(state)
      found.append(
        ("\(name) \(Quantity.count(count))\(isStuck ? "!" : "")", isStuck ? .warn : .plain))
      if state == .closeWait, picture.unaccepted > 0 {
        found.append(("(\(Quantity.count(picture.unaccepted)) unaccepted)", .warn))
      }
    }
    return found.isEmpty ? [("no TCP sockets", .faint)] : found
  }

  /// The curve of CLOSE_WAIT, what was found, and what the looks cost.
  private func verdicts(_ picture: TopPicture) -> ScreenLine {
    var line = ScreenLine(" ")
    let firing = picture.findings.filter { $0.lifecycle == .firing && !$0.isAccepted }
    let pending = picture.findings.count { $0.lifecycle == .pending }
    if firing.isEmpty {
      let isYoung = picture.census.watchedSeconds < picture.patienceSeconds
      line.add(isYoung ? "nothing firing yet" : "nothing firing", isYoung ? .plain : .good)
    } else {
      let roots = firing.roots
      let worst = roots.max { $0.severity < $1.severity }
      line.add("\(roots.count) firing", OwnerWords.emphasis(worst))
    }
    if pending > 0 { line.add(", \(pending) pending") }
    line.add("  watched " + Quantity.duration(picture.census.watchedSeconds.rounded()), .faint)
    if let past = picture.past {
      line.add("; the daemon \(Quantity.duration(past.watchedSeconds)): ", .faint)
      let worst = past.findings.first { $0.lifecycle == .firing }
      line.add("\(past.firing) firing", worst.map { Emphasis($0.severity) } ?? .good)
    }
    let curve = style.sparkline(picture.closeWait.points, columns: max(8, columns / 6))
    if !curve.isEmpty {
      line.add("  CLOSE_WAIT ", .faint)
      line.add(curve)
    }
    let cost = "look \(Quantity.duration(picture.cost.wallSeconds))"
    let cpu = ", cpu \(Quantity.duration(picture.cost.cpuSeconds))"
    let room = columns - line.columns - 3
    if room >= cost.utf8.count + cpu.utf8.count {
      line.add("  " + cost + cpu, .faint)
    } else if room >= cost.utf8.count {
      line.add("  " + cost, .faint)
    }
    return line
  }

  // MARK: What went wrong

  private func failure() -> ScreenLine? {
    state.failure.map { failure in
      let words = UntrustedText.printable(failure, unicode: style.unicode)
      return ScreenLine(" The last look failed: " + words, .bad)
    }
  }

  private func gaps(_ picture: TopPicture) -> ScreenLine? {
    guard let first = picture.gaps.first else { return nil }
    let sentence = GapWords.sentence(first, unicode: style.unicode, isRoot: state.place.isRoot)
    let more = picture.gaps.count - 1
    let rest = more > 0 ? " (and \(more) more: closewatch doctor)" : ""
    return ScreenLine(" Not seen: \(sentence)\(rest)", .faint)
  }
}

/// The time of day, for people.
enum ClockText {
  /// `22:14:05`.
  ///
  /// - Parameters:
  ///   - wallSeconds: Seconds since 1970.
  ///   - offset: Seconds that the local time is ahead of UTC.
  static func time(_ wallSeconds: Double, _ offset: Int) -> String {
    guard wallSeconds.isFinite, wallSeconds.magnitude < 9e15 else { return "--:--:--" }
    let day = 86_400
    let second = ((Int(wallSeconds.rounded(.down)) + offset) % day + day) % day
    return [second / 3600, second / 60 % 60, second % 60]
      .map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: ":")
  }
}
