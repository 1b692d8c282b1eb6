// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import TestSupport
import Testing

/// Pictures of scripted hosts, as `closewatch top` takes them.
struct TopStory {
  private var watch: Watch
  private var observer = TopObserver()
  let host: HostScript

  init(_ host: HostScript, patienceSeconds: Double = 30) {
    var settings = RuleSettings()
    settings.patienceSeconds = patienceSeconds
    watch = Watch(settings: settings)
    self.host = host
  }

  mutating func look(at second: Double) throws -> TopPicture {
    var host = ScriptedHost(host, at: second)
    let turn = try watch.take(on: &host)
    let picture = observer.picture(
      of: watch, gaps: turn.gaps,
      cost: TopPicture.Cost(wallSeconds: 0.038, cpuSeconds: 0.012))
    return try #require(picture)
  }

  /// The last of looks every two seconds.
  static func picture(
    of host: HostScript, until end: Double, from start: Double = 0
  ) throws -> TopPicture {
    var story = TopStory(host)
    var picture = try story.look(at: start)
    for second in stride(from: start + 2, through: end, by: 2) {
      picture = try story.look(at: second)
    }
    return picture
  }

  /// A state that has seen a host.
  static func state(
    _ host: HostScript, until end: Double, unicode: Bool = true
  ) throws -> TopState {
    var state = empty(unicode: unicode)
    state.take(try picture(of: host, until: end))
    return state
  }

  static func empty(unicode: Bool = true) -> TopState {
    var place = TopState.Place()
    place.host = "db-17"
    place.style = TextStyle(colour: false, unicode: unicode, width: 79)
    place.isRoot = true
    return TopState(place: place, intervalSeconds: 2)
  }

  /// A leak in a unit, a client that half-closes, a listener that does not accept, a program with
  /// dead descriptors, a healthy server, and what no process has.
  static func busyHost() -> HostScript {
    var host = HostScript()
    let api = host.start("python3", pid: 4711, unit: "api.service")
    host.listen(8080, by: api)
    host.add(at: stride(from: 1.0, to: 120, by: 2)) { second in
      .accepted(on: 8080, by: api).enters(.established, at: second - 1)
        .enters(.closeWait, at: second, unread: 1)
    }
    let batch = host.start("batch", pid: 812, unit: "nightly-batch.service")
    for second in [3.0, 4, 5] {
      host.add(.opened(to: 5432, by: batch).enters(.finWait2, at: second))
    }
    let stalled = host.start("gunicorn: mast", pid: 900, executable: "/usr/bin/python3.11")
    host.listen(9000, by: stalled)
    for second in [10.0, 11] {
      host.add(.accepted(on: 9000, by: nil).enters(.closeWait, at: second, unread: 5))
    }
    let web = host.start("nginx", pid: 1200, unit: "nginx.service")
    let worker = host.start("nginx", pid: 1201, parent: 1200, unit: "nginx.service", limit: 64)
    host.listen(443, by: web)
    for port in 0..<20 {
      host.add(
        .accepted(on: 443, by: worker).enters(.established, at: Double(port))
          .changed { $0.isSending = true })
    }
    let deadSocket = host.start("cron-job", pid: 3000)
    host.add(.opened(to: 25, by: deadSocket).enters(.established, at: 0).dies(at: 20))
    for second in [50.0, 51] {
      host.add(.opened(to: 80, by: nil).enters(.timeWait, at: second))
    }
    return host
  }
}

extension TopState {
  /// Presses keys one after the other, and gives what the last one asks for.
  @discardableResult
  mutating func strike(_ keys: ScreenKey...) -> Action {
    var action = Action.none
    for key in keys { action = press(key) }
    return action
  }

  /// Types characters.
  mutating func type(_ text: String) { for character in text { _ = press(.character(character)) } }

  /// The lines of a screen.
  mutating func lines(_ columns: Int = 100, _ rows: Int = 30) -> [String] {
    frame(ScreenSize(columns: columns, rows: rows), at: HostScript.instant(60)).lines.map(\.text)
  }
}
