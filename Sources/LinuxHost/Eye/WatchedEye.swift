// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// An eye from the side of who asks it.
final class WatchedEye {
  let pid: Int32
  let socket: Int32
  /// Whether it has taken a look, of which it can find the holders.
  var hasLooked = false
  /// What it has been asked before anybody waits for the answer, the next one first.
  var askedAhead: [(id: UInt64, question: HostRequest.Question)] = []
  private var isAskedNoMore = false
  private let page: UnsafeMutablePointer<closewatch_mark>?

  /// What it was last about to do. It has written that itself: nothing of it is to be relied on.
  struct Mark {
    var step: EyeStep
    var pid: Int32
    var user: UInt32?
    var namespace: NetnsID?
    /// For how long nothing had moved.
    var idleSeconds = 0.0
  }

  enum Wait {
    /// There is an answer, or an end.
    case ready
    /// It works, and is not done in time.
    case late(Mark)
    case stuck(Mark)
  }

  private static let tickSeconds = 0.1

  init(_ forked: ForkedEye) {
    pid = forked.pid
    socket = forked.socket
    let size = MemoryLayout<closewatch_mark>.size
    let start = mmap(nil, size, PROT_READ, MAP_SHARED, forked.page, 0)
    page = start == MAP_FAILED ? nil : start?.assumingMemoryBound(to: closewatch_mark.self)
    close(forked.page)
  }

  deinit {
    close(socket)
    if let page { munmap(page, MemoryLayout<closewatch_mark>.size) }
  }

  /// Whether it is there to be asked: of an eye that was asked ahead, whether this comes next.
  func takes(_ question: EyeQuestion?) -> Bool {
    guard isAskedNoMore else { return !hasEnded }
    guard case .host(let request)? = question else { return false }
    return request.question == askedAhead.first?.question
  }

  /// Lets it end by itself, while its last answer is being read, once it has given all.
  func endsAfterwards() {
    isAskedNoMore = true
    shutdown(socket, Int32(SHUT_WR))
  }

  /// Whether its end of the socket is closed.
  private var hasEnded: Bool {
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&waiting, 1, 0) > 0
  }

  /// Waits for its answer. Stuck is an eye that neither goes from step to step nor uses a
  /// processor, and that in so many looks at it, not on the clock alone: a machine that was stopped
  /// stops both.
  func wait(until limit: BootInstant, stallSeconds: Double) -> Wait {
    var before = progress
    var idleSeconds = 0.0
    while true {
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, Int32(Self.tickSeconds * 1000)) > 0 { return .ready }
      let now = progress
      idleSeconds = now == before ? idleSeconds + Self.tickSeconds : 0
      before = now
      if idleSeconds >= stallSeconds { return .stuck(mark(idleSeconds)) }
      if Clock.boot >= limit { return .late(mark(idleSeconds)) }
    }
  }

  private struct Progress: Equatable {
    var steps: UInt64
    var processorTime: Int64
  }

  private var progress: Progress {
    Progress(
      steps: page.map { closewatch_read_mark($0, nil) } ?? 0,
      processorTime: closewatch_processor_time(pid))
  }

  private func mark(_ idleSeconds: Double) -> Mark {
    var copy = closewatch_mark()
    if let page { _ = closewatch_read_mark(page, &copy) }
    return Mark(
      step: EyeStep(rawValue: copy.step) ?? .rest, pid: copy.pid,
      user: copy.user == .max ? nil : copy.user,
      namespace: copy.name_space == 0 ? nil : NetnsID(rawValue: copy.name_space),
      idleSeconds: idleSeconds)
  }
}
