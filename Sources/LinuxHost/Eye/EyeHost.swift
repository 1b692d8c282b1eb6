// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// The machine that closewatch runs on, seen through eyes: whatever the kernel does to one of them,
/// an answer comes in time. An eye that does not answer is left behind, and the next one stays away
/// from what that one hung on.
package final class EyeHost: Host {
  /// How long an eye may do nothing at all (no step, no processor time) before it counts as stuck.
  package var stallSeconds = 2.0
  /// For how long what an eye hung on is avoided after that eye could be ended. As long as it
  /// cannot be ended, it is avoided in any case.
  package var memorySeconds = 60.0

  private let starter: any EyeStarter
  private var eye: WatchedEye?
  private var newestID: UInt64 = 0
  /// The newest look that was asked for: a new eye has to take it again before it can say who holds
  /// what it shows.
  private var newest: SampleRequest?
  private var left: [LeftEye] = []
  private var containers = ContainerMemory()
  private var lostConnects = LostConnects()

  /// An eye that was left behind.
  private struct LeftEye {
    var pid: Int32
    var avoidance: EyeAvoidance
    var since: BootInstant
    /// What it was at, and since when, in words.
    var words: String
    var isAlive = true
    var isTold = false
  }

  /// So many that cannot be ended are enough to know that another one would not fare better.
  private static let leftMost = 8
  /// Tries for one question when eyes end by themselves.
  private static let triesMost = 4
  /// What an eye may be late, which looks at the clock between two steps only.
  private static let graceSeconds = 1.0
  /// For a question without a deadline.
  private static let longestSeconds = 60.0
  /// What reading runtimes may take, which a look can do without. Where they hang, it waits for
  /// the grace as well, and that twice.
  private static let overlaySeconds = 0.5
  private static let overlayStallSeconds = 1.0
  /// Eyes that may be lost to it in one look: whose file hangs is known after the first.
  private static let overlayTriesMost = 2
  private static let otherAnswer = "it answered another question"

  package init(_ starter: any EyeStarter) { self.starter = starter }

  package func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
    if case .sample(let sample) = request.question {
      newest = sample
      for index in left.indices { left[index].isTold = false }
    }
    forget()
    var tries = 0
    while true {
      let reason: String
      switch try ask(.host(request), by: request.deadline) {
      case .answer(let answer, let leftOut):
        let named = nameRuntimes(of: leftOut, in: answer, by: request.deadline)
        return addGap(to: nameContainers(in: named, by: request.deadline))
      case .failure(let words): throw HostError(words)
      case .outcomes, .runtimes, .containers: reason = Self.otherAnswer
      case .lost(let words): reason = words
      }
      tries += 1
      guard tries < Self.triesMost, Clock.boot < request.deadline else {
        throw HostError("the look did not finish: \(reason)")
      }
    }
  }

  /// Aborts connections. An eye that is lost in the middle is not replaced: nobody knows what it
  /// has done.
  package func release(
    _ targets: [SocketRelease.Target], by deadline: BootInstant
  ) throws(HostError) -> [SocketRelease.Outcome] {
    switch try ask(.release(targets), by: deadline) {
    case .outcomes(let outcomes) where outcomes.count == targets.count: return outcomes
    case .failure(let words): throw HostError(words)
    case .lost(let words): throw HostError("some may have been released, unknown which: \(words)")
    case .answer, .outcomes, .runtimes, .containers:
      throw HostError("asked to release, the eye answered something else")
    }
  }

  /// Asks what programs on overlays are written in. All else is told by then: whatever becomes of
  /// it, only that is missing.
  private func nameRuntimes(
    of leftOut: [ProcessID], in answer: HostAnswer, by deadline: BootInstant
  ) -> HostAnswer {
    guard !leftOut.isEmpty, case .holders(var report) = answer else { return answer }
    var found: [ProcessID: ProcessRuntime] = [:]
    var gaps: [Gap] = []
    var reason = "there was no time left"
    for _ in 0..<Self.overlayTriesMost where Clock.boot < deadline {
      let limit = min(deadline, Clock.boot.advanced(bySeconds: Self.overlaySeconds))
      let reply: Reply
      do throws(HostError) {
        reply = try ask(.overlays(leftOut, by: limit), by: limit)
      } catch {
        reason = error.description
        break
      }
      switch reply {
      case .runtimes(let runtimes, let cpuMilliseconds):
        for one in runtimes.found { found[one.process] = one.runtime }
        gaps = runtimes.gaps
        report.cost.cpuMilliseconds += cpuMilliseconds
      case .lost(let words), .failure(let words):
        reason = words
        continue
      case .answer, .outcomes, .containers: reason = Self.otherAnswer
      }
      break
    }
    for index in report.processes.indices {
      if let runtime = found[report.processes[index].id] {
        report.processes[index].runtime = runtime
      }
    }
    let missing = leftOut.count - found.count
    if missing > 0, !gaps.contains(where: { $0.kind == .runtimeUnread }) {
      gaps.append(Gap(.runtimeUnread, count: missing, detail: reason))
    }
    report.gaps += gaps
    return .holders(report)
  }

  /// Asks what containers are called that nobody has named yet, when all else is told.
  private func nameContainers(in answer: HostAnswer, by deadline: BootInstant) -> HostAnswer {
    guard case .holders(var report) = answer else { return answer }
    let now = Clock.boot
    let ids = containers.wanted(in: report.processes, at: now)
    if !ids.isEmpty, now < deadline {
      let limit = min(deadline, now.advanced(bySeconds: Self.overlaySeconds))
      if case .containers(let files, let cpuMilliseconds)? =
        try? ask(.containers(ids, by: limit), by: limit)
      {
        containers.learn(files, about: ids, of: report.processes, at: now)
        report.cost.cpuMilliseconds += cpuMilliseconds
      } else {
        containers.missed(ids, at: now)
      }
    }
    containers.name(&report.processes)
    return .holders(report)
  }

  /// Asks what is certain to be asked soon, in this order, so that the eye works meanwhile. It ends
  /// after that. Whoever then asks something else asks another eye; what goes wrong here shows when
  /// the answer is asked for.
  package func askAhead(_ requests: [HostRequest]) {
    guard let eye = try? currentEye(for: nil) else { return }
    for request in requests {
      guard let id = try? send(.host(request), to: eye) else {
        starter.kill(eye.pid)
        self.eye = nil
        return
      }
      eye.askedAhead.append((id, request.question))
    }
    eye.endsAfterwards()
  }

  // MARK: Asking

  private enum Reply {
    /// With the processes whose runtime was left out.
    case answer(HostAnswer, [ProcessID])
    case failure(String)
    case outcomes([SocketRelease.Outcome])
    /// With the processor time that it took, in milliseconds.
    case runtimes(OverlayRuntimes, Double)
    case containers(ContainerFiles, Double)
    /// The eye is gone: why, in words.
    case lost(String)
  }

  private func ask(_ question: EyeQuestion, by deadline: BootInstant) throws(HostError) -> Reply {
    let eye = try currentEye(for: question)
    // Each question finds its eye alive or makes a new one, which has not looked yet.
    if case .host(let request) = question, case .holders = request.question, !eye.hasLooked {
      guard let newest else { throw HostError("holders were asked for before the first look") }
      let again = HostRequest(.sample(newest), by: deadline)
      let reply = exchange(.host(again), with: eye, by: deadline)
      guard case .answer = reply else { return reply }
    }
    return exchange(question, with: eye, by: deadline)
  }

  private func exchange(
    _ question: EyeQuestion, with eye: WatchedEye, by deadline: BootInstant
  ) -> Reply {
    let id: UInt64
    do throws(SystemCallError) {
      id = eye.askedAhead.isEmpty ? try send(question, to: eye) : eye.askedAhead.removeFirst().id
    } catch {
      return drop(eye, "\(error)")
    }
    let latest = Clock.boot.advanced(bySeconds: Self.longestSeconds)
    let limit = min(deadline, latest).advanced(bySeconds: Self.graceSeconds)
    var stallSeconds = stallSeconds
    // A look can do without these.
    switch question {
    case .overlays, .containers: stallSeconds = min(stallSeconds, Self.overlayStallSeconds)
    case .host, .release: break
    }
    switch eye.wait(until: limit, stallSeconds: stallSeconds) {
    case .ready: break
    case .late(let mark): return leave(eye, at: mark, isStuck: false)
    case .stuck(let mark): return leave(eye, at: mark, isStuck: true)
    }
    do {
      let message = try EyeMessage(over: eye.socket, waits: false)
      guard message.id == id else { return drop(eye, "an answer to another question") }
      return try reply(message, of: eye)
    } catch EyeMessage.Trouble.garbage(let what) {
      return drop(eye, what)
    } catch let error as DecodeError {
      return drop(eye, "\(error)")
    } catch {
      return drop(eye, "the process that looks was killed")
    }
  }

  /// - Returns: The number by which its answer is known.
  private func send(
    _ question: EyeQuestion, to eye: WatchedEye
  ) throws(SystemCallError) -> UInt64 {
    newestID += 1
    let avoidances = avoidances
    try EyeMessage.send(.question, newestID, over: eye.socket) { writer in
      writer.put(avoidances) { $1.write(to: &$0) }
      question.write(to: &writer)
    }
    return newestID
  }

  private func reply(
    _ message: borrowing EyeMessage, of eye: WatchedEye
  ) throws(DecodeError) -> Reply {
    switch message.kind {
    case .answer:
      var (answer, leftOut) = try message.read { reader throws(DecodeError) in
        let answer = try HostAnswer(from: &reader)
        let leftOut = try reader.getArray { reader throws(DecodeError) in
          try ProcessID(from: &reader)
        }
        return (answer, leftOut)
      }
      if case .holders(var report) = answer {
        report.cost.cpuMilliseconds = Double(message.processorNanoseconds) / 1e6
        answer = .holders(report)
      } else {
        eye.hasLooked = true
      }
      return .answer(answer, leftOut)
    case .failure:
      return .failure(try message.read { reader throws(DecodeError) in try reader.getText() })
    case .outcomes:
      return .outcomes(
        try message.read { reader throws(DecodeError) in
          try reader.getArray { reader throws(DecodeError) in
            try SocketRelease.Outcome(from: &reader)
          }
        })
    case .runtimes:
      let runtimes = try message.read { reader throws(DecodeError) in
        try OverlayRuntimes(from: &reader)
      }
      return .runtimes(runtimes, Double(message.processorNanoseconds) / 1e6)
    case .containers:
      let files = try message.read { reader throws(DecodeError) in
        try ContainerFiles(from: &reader)
      }
      return .containers(files, Double(message.processorNanoseconds) / 1e6)
    case .question: return drop(eye, "it asked a question")
    }
  }

  // MARK: Eyes

  /// - Parameter question: What is to be asked now; nil: nobody knows yet.
  private func currentEye(for question: EyeQuestion?) throws(HostError) -> WatchedEye {
    if let eye, eye.takes(question) { return eye }
    // It works on what nobody wants any more.
    if let eye, !eye.askedAhead.isEmpty { starter.kill(eye.pid) }
    eye = nil
    let alive = left.filter(\.isAlive)
    let unavoidable = alive.filter { !$0.avoidance.step.isAvoidable }
    guard alive.count < Self.leftMost, unavoidable.count < 2 else {
      throw HostError("cannot look: \(words(of: alive)); it ends when the kernel's call does")
    }
    let new = try WatchedEye(starter.fork())
    eye = new
    return new
  }

  /// Ends an eye that cannot be relied on.
  private func drop(_ eye: WatchedEye, _ why: String) -> Reply {
    self.eye = nil
    starter.kill(eye.pid)
    return .lost(why)
  }

  /// Leaves an eye behind that does not answer. It is killed; whether it ends is the kernel's
  /// business, and nobody waits for it.
  private func leave(_ eye: WatchedEye, at mark: WatchedEye.Mark, isStuck: Bool) -> Reply {
    self.eye = nil
    starter.kill(eye.pid)
    let process =
      mark.pid > 0
      ? " of process \(mark.pid)"
      : mark.namespace.map { " in network namespace \($0.rawValue)" } ?? ""
    let owner = mark.user.map { " (user \($0))" } ?? ""
    let since = Clock.onTheWall(Clock.wallSeconds - mark.idleSeconds)
    let words =
      isStuck
      ? "\(mark.step.call)\(process)\(owner) has not come back since \(since)"
      : "it did not finish in time; it was at \(mark.step.call)\(process)"
    // Who is merely slow there makes every look wait that reads it again.
    guard isStuck || mark.step == .overlay else { return .lost(words) }
    var avoidance = EyeAvoidance(step: mark.step, pid: mark.pid)
    avoidance.user = mark.user
    avoidance.namespace = mark.namespace
    left.append(
      LeftEye(pid: eye.pid, avoidance: avoidance, since: Clock.boot, words: words))
    return .lost(words)
  }

  /// Forgets eyes that have ended, and after a while what they hung on.
  private func forget() {
    guard !left.isEmpty else { return }
    if let living = starter.living() {
      for index in left.indices { left[index].isAlive = living.contains(left[index].pid) }
    }
    let now = Clock.boot
    left.removeAll { eye in
      guard !eye.isAlive else { return false }
      return !eye.avoidance.step.isAvoidable || now.seconds(since: eye.since) >= memorySeconds
    }
  }

  private var avoidances: [EyeAvoidance] {
    EyeAvoidance.widened(left.map(\.avoidance), living: left.count(where: \.isAlive))
  }

  private func words(of eyes: [LeftEye]) -> String {
    let shown = eyes.prefix(3).map(\.words).joined(separator: "; ")
    return eyes.count > 3 ? "\(shown); and \(eyes.count - 3) more" : shown
  }

  /// Adds what eyes were left behind for.
  private func addGap(to answer: HostAnswer) -> HostAnswer {
    switch answer {
    case .sample(var sample):
      lostConnects.tell(in: &sample)
      tell(.callStuck, in: &sample.gaps)
      return .sample(sample)
    case .holders(var report):
      tell(.callStuck, in: &report.gaps)
      tell(.runtimeUnread, in: &report.gaps)
      return .holders(report)
    }
  }

  /// Says more of a gap than what is avoided.
  private func tell(_ kind: Gap.Kind, in gaps: inout [Gap]) {
    let untold = left.indices.filter { !left[$0].isTold && left[$0].avoidance.step.gap == kind }
    if untold.isEmpty { return }
    for index in untold { left[index].isTold = true }
    let words = words(of: untold.map { left[$0] })
    if let index = gaps.firstIndex(where: { $0.kind == kind }) {
      gaps[index].count = max(gaps[index].count, untold.count)
      gaps[index].detail = words
    } else {
      gaps.append(Gap(kind, count: untold.count, detail: words))
    }
  }
}
