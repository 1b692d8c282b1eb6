// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// The loop of `closewatch top`: waits for keys, signals and pictures, and draws.
struct TopScreen {
  /// Escape alone is told from the beginning of a sequence by waiting this long: a packet of a
  /// slow line may hold the rest.
  private static let escapeSeconds = 0.1
  /// The screen says after some seconds that a look takes long.
  private static let tickSeconds = 1.0

  private let looker: TopLooker
  private var state: TopState
  private var writer: ScreenWriter
  private var keys = KeyDecoder()
  private var hasPicture = false
  /// nil: the daemon is not asked.
  private let daemon: DaemonClient?

  init(
    _ looker: TopLooker, place: TopState.Place, kind: TerminalKind, intervalSeconds: Double,
    daemon: DaemonClient?
  ) {
    self.looker = looker
    self.daemon = daemon
    state = TopState(place: place, intervalSeconds: intervalSeconds)
    writer = ScreenWriter(kind, colour: place.style.colour)
  }

  /// Shows the looks of a host until the reader has enough.
  ///
  /// - Returns: The signal that ended it; nil for a key.
  /// - Throws: ``HostError`` when not even the first look could be taken.
  mutating func run(_ host: sending any Host, _ request: SampleRequest) throws -> Int32? {
    let terminal = try TerminalDevice(opening: writer.opening, closing: writer.closing)
    defer { terminal.close() }
    try looker.start(host, request, screen: terminal.bell)
    do {
      while true {
        try draw(on: terminal)
        let events = terminal.wait(
          atMost: keys.isWaiting ? Self.escapeSeconds : Self.tickSeconds)
        if let ending = events.ending { return ending == SIGINT ? nil : ending }
        if events.isGone { return SIGHUP }
        try followSignals(events, on: terminal)
        try takeNews()
        guard try follow(events.typed, on: terminal) else { return nil }
      }
    } catch let error as SystemCallError where error.errno == EIO {
      // Nobody is there any more.
      return SIGHUP
    }
  }

  private mutating func draw(on terminal: TerminalDevice) throws(SystemCallError) {
    let size = terminal.size
    let frame = state.frame(
      ScreenSize(columns: size.columns, rows: size.rows), at: Clock.boot)
    let bytes = writer.bytes(for: frame)
    if !bytes.isEmpty { try terminal.write(bytes) }
  }

  private mutating func followSignals(
    _ events: TerminalDevice.Events, on terminal: TerminalDevice
  ) throws(SystemCallError) {
    if events.isToStop { try terminal.stop() }
    if events.hasContinued { try terminal.enter() }
    if events.isToStop || events.hasContinued { writer.forget() }
  }

  private mutating func takeNews() throws(HostError) {
    let news = looker.takeNews()
    state.lookingSince = news.lookingSince
    if let picture = news.picture {
      hasPicture = true
      state.take(picture)
    }
    if let verdict = news.verdict { state.show(verdict: verdict.text, of: verdict.target) }
    guard let failure = news.failure else { return }
    guard hasPicture else { throw HostError(failure) }
    state.fail(failure)
  }

  /// - Returns: false to quit.
  private mutating func follow(
    _ typed: [UInt8], on terminal: TerminalDevice
  ) throws(SystemCallError) -> Bool {
    let pressed = typed.isEmpty && keys.isWaiting ? keys.timeOut() : keys.take(typed)
    for key in pressed {
      switch state.press(key) {
      case .none: break
      case .quit: return false
      case .pace(let seconds): looker.setPace(seconds)
      case .redraw: writer.forget()
      case .verdict(let target): try askVerdict(of: target, on: terminal)
      }
    }
    return true
  }

  /// What it answers is shown instead of the own verdict; when it does not, that one stays.
  private func askVerdict(
    of target: String, on terminal: TerminalDevice
  ) throws(SystemCallError) {
    guard let daemon else { return }
    var query = TriageQuery()
    query.target = target
    query.style = state.pageStyle
    query.utcOffsetSeconds = state.place.utcOffsetSeconds
    try looker.ask(daemon, query.uri, of: target, screen: terminal.bell)
  }
}
