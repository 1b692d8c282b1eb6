// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// The program that says where in the code the sockets of a run are. Whatever becomes of it, only
/// places are lost.
final class RunTracer {
  let pid: Int32
  /// Why it says nothing any more; nil: it does.
  private(set) var failure: String?
  /// Processes that it could not follow.
  private(set) var unfollowed = 0

  private var socket: Int32
  private var lines = TraceTalk.Lines()
  private var places: [UInt64: Known] = [:]
  /// What is asked and not answered.
  private var underWay: Int?
  private var newest = 0
  /// Where the run began: names of files are shortened by it.
  private let folder: String

  private struct Known {
    var place: CodePlace?
    var isFinal = false
    var askedAt: BootInstant
  }

  /// For what may be told better later, as a socket whose end nobody has read.
  private static let pauseSeconds = 1.0
  private static let socketsMost = 1000
  private static let endingSeconds = 2.0

  /// Starts it, and waits until it watches all that this process starts.
  ///
  /// - Throws: ``HostError``: why it cannot.
  init() throws(HostError) {
    folder =
      getcwd(nil, 0).map { path in
        defer { free(path) }
        return String(cString: path) + "/"
      } ?? ""
    (pid, socket) = try OtherProgram.tracer.start(["follow", "\(getpid())"], for: "run --trace")
    try awaitBeginning()
  }

  deinit { end() }

  /// To wait at for answers; nil when none are to come.
  var descriptor: Int32? { socket < 0 ? nil : socket }

  private func awaitBeginning() throws(HostError) {
    let deadline = Clock.boot.advanced(bySeconds: OtherProgram.tracerPatience)
    while true {
      switch receive(by: deadline)?.first {
      case .ready?: return
      case .refused(let reason)?: throw HostError("\(reason); the command was not run")
      case .place?, .answered?, nil:
        throw HostError(
          "cannot trace: \(failure ?? "its program does not begin"); the command was not run")
      }
    }
  }

  /// Where a socket is; why not, where it is not known.
  func place(of socket: LeftSocket) -> CodePlace {
    guard let row = socket.row else {
      return CodePlace(unknownBecause: "no look saw it connected")
    }
    guard row.cookie != 0 else {
      return CodePlace(unknownBecause: "the kernel does not tell which socket it is")
    }
    return places[row.cookie]?.place
      ?? CodePlace(
        unknownBecause: failure == nil
          ? "the trace did not answer in time" : "the trace had ended before")
  }

  // MARK: Questions

  /// Asks where these sockets are, as far as that is not known for good. Waits for nothing.
  ///
  /// - Parameter isUrgent: Whether to ask again also what has just been asked.
  func ask(_ suspects: [UInt64: UInt32?], isUrgent: Bool = false) {
    guard socket >= 0, underWay == nil else { return }
    let now = Clock.boot
    let wanted = suspects.filter { cookie, _ in
      guard let known = places[cookie] else { return true }
      return !known.isFinal
        && (isUrgent || now.seconds(since: known.askedAt) >= Self.pauseSeconds)
    }
    guard !wanted.isEmpty else { return }
    newest += 1
    var text = ""
    // Who has not been asked for at all comes first.
    let order = wanted.sorted {
      (places[$0.key]?.askedAt.nanoseconds ?? 0, $0.key)
        < (places[$1.key]?.askedAt.nanoseconds ?? 0, $1.key)
    }
    for (cookie, unread) in order.prefix(Self.socketsMost) {
      places[cookie, default: Known(askedAt: now)].askedAt = now
      text += TraceTalk.Question.socket(cookie: cookie, unread: unread).line
    }
    let bytes = Array((text + TraceTalk.Question.answer(number: newest).line).utf8)
    let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    guard send(socket, bytes, bytes.count, flags) == bytes.count else {
      return fail("its program takes no questions")
    }
    underWay = newest
  }

  /// Asks once more, and waits for the answer for so long.
  func settle(_ suspects: [UInt64: UInt32?], seconds: Double) {
    let deadline = Clock.boot.advanced(bySeconds: seconds)
    awaitAnswer(by: deadline)
    ask(suspects, isUrgent: true)
    awaitAnswer(by: deadline)
  }

  private func awaitAnswer(by deadline: BootInstant) {
    while underWay != nil, Clock.boot < deadline {
      for answer in receive(by: deadline) ?? [] { take(answer) }
    }
  }

  // MARK: Answers

  /// Takes in what has come.
  func take() {
    while socket >= 0, let answers = receive(by: Clock.boot), !answers.isEmpty {
      for answer in answers { take(answer) }
    }
  }

  private func take(_ answer: TraceTalk.Answer) {
    switch answer {
    case .place(let cookie, var place, let isFinal):
      if let file = place.file, file.hasPrefix(folder) {
        place.file = String(file.dropFirst(folder.count))
      }
      // What was seen stays true when nobody can tell any more.
      if place.kind != nil || places[cookie]?.place?.kind == nil { places[cookie]?.place = place }
      places[cookie]?.isFinal = isFinal
    case .answered(let number, let unfollowed):
      self.unfollowed = unfollowed
      if number == underWay { underWay = nil }
    case .ready, .refused: fail("its program is of another version")
    }
  }

  /// What comes by then; nil when nothing does.
  private func receive(by deadline: BootInstant) -> [TraceTalk.Answer]? {
    while socket >= 0 {
      let left = max(0, deadline.seconds(since: Clock.boot))
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, Int32((left * 1000).rounded(.up))) != 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let got = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if got < 0, errno == EINTR || errno == EAGAIN { continue }
      guard got > 0 else {
        fail("its program ended")
        return nil
      }
      guard let heard = lines.take(bytes.prefix(got)) else {
        fail("its program is of another version")
        return nil
      }
      if !heard.isEmpty { return heard.compactMap { TraceTalk.Answer($0) } }
    }
    return nil
  }

  private func fail(_ reason: String) {
    failure = failure ?? reason
    if socket >= 0 { close(socket) }
    socket = -1
    underWay = nil
  }

  /// Ends it, and waits until the kernel is rid of its programs.
  func end() {
    guard socket >= 0 else { return }
    shutdown(socket, Int32(SHUT_WR))
    let deadline = Clock.boot.advanced(bySeconds: Self.endingSeconds)
    let before = failure
    while receive(by: deadline) != nil {}
    // It holds its end of the socket for as long as it lives: the number is its own.
    if socket >= 0 { kill(pid, SIGKILL) }
    fail("")
    failure = before
  }
}
