// SPDX-License-Identifier: Apache-2.0

import Console
import KernelTables
import LinuxHost
import NIOCore
import NIOHTTP1
import Reporting
import Synchronization

/// What the daemon answers the other commands with. Read-only, like everything over HTTP.
///
/// A report is gathered on the sampling thread, between two turns, from what the newest turn has
/// left there; it is written elsewhere.
final class ControlPages: Pages {
  /// Questions that wait for the sampling thread. More at a time is not a person at a terminal.
  private static let queueLimit = 8
  /// How long a question may wait for a look to end: less than a client does.
  private static let waitSeconds = 1.0
  /// The largest answer: what a client takes.
  private static let limit = 16 << 20

  private let sampler: Sampler
  private let store: SnapshotStore
  private let queued = Mutex(0)

  init(sampler: Sampler, store: SnapshotStore) {
    self.sampler = sampler
    self.store = store
  }

  func reply(to head: HTTPRequestHead, on loop: any EventLoop) -> PageReply {
    if let refusal = WebAnswer.refusal(of: head) { return .ready(refusal) }
    switch head.uri.prefix(while: { $0 != "?" }) {
    case TriageQuery.path[...]: return triage(head.uri, loop)
    case DaemonSight.path[...]:
      let status = DaemonSight(store.snapshot, at: Clock.boot)
      return .ready(Self.answer(.ok, exit: ExitStatus.fine, Array(status.text.utf8)))
    case DaemonPast.path[...]:
      let past = DaemonPast(store.snapshot)
      return .ready(Self.answer(.ok, exit: ExitStatus.fine, Array(past.text.utf8)))
    default: return .ready(WebAnswer(.notFound, "404 there is no such page"))
    }
  }

  private func triage(_ uri: String, _ loop: any EventLoop) -> PageReply {
    let query: TriageQuery
    let target: TriageTarget?
    do {
      query = try TriageQuery(uri: uri)
      target = try query.target.map(TargetArgument.parse)
    } catch {
      return .ready(Self.line(.badRequest, exit: ExitStatus.blind, "\(error)"))
    }
    let mayQueue = queued.withLock { count in
      guard count < Self.queueLimit else { return false }
      count += 1
      return true
    }
    guard mayQueue else {
      return .ready(Self.busy("too many ask at once"))
    }
    // The first answer counts: NIO ignores what comes after it.
    let promise = loop.makePromise(of: WebAnswer.self)
    let timer = loop.scheduleTask(in: .nanoseconds(Int64(Self.waitSeconds * 1e9))) { [store] in
      promise.succeed(Self.late(store.snapshot))
    }
    Task {
      let triage = await self.sampler.triage(of: target)
      self.queued.withLock { $0 -= 1 }
      let answer = Self.answer(triage, query)
      timer.cancel()
      promise.succeed(answer)
    }
    return .coming(promise.futureResult)
  }

  static func answer(_ triage: Sampler.Triage, _ query: TriageQuery) -> WebAnswer {
    switch triage {
    case .unready(let why): return line(.serviceUnavailable, exit: ExitStatus.blind, why)
    case .unknown(let absence): return line(.notFound, exit: ExitStatus.blind, absence)
    case .report(var report):
      report.utcOffsetSeconds = query.utcOffsetSeconds
      report.showsAll = query.showsAll
      let bytes = TriageWriter.bytes(of: report, query.format, style: query.style)
      guard bytes.count <= limit else {
        return line(
          .internalServerError, exit: ExitStatus.blind,
          "its report is larger than \(Quantity.bytes(limit))")
      }
      let status = report.asksForAction ? ExitStatus.act : ExitStatus.fine
      return answer(.ok, exit: status, bytes)
    }
  }

  /// The sampling thread does not come round: most probably a look that takes long.
  private static func late(_ snapshot: DaemonSnapshot) -> WebAnswer {
    let since = snapshot.newestSample.map {
      "; its last look was \(Quantity.duration(Clock.boot.seconds(since: $0.takenAt))) ago"
    }
    return busy("it is busy with a look\(since ?? "")")
  }

  /// Whoever gets this may ask again.
  private static func busy(_ why: String) -> WebAnswer {
    var answer = line(.serviceUnavailable, exit: ExitStatus.blind, why)
    answer.headers.append(("Retry-After", "1"))
    return answer
  }

  private static func line(
    _ status: HTTPResponseStatus, exit: Int32, _ words: String
  ) -> WebAnswer {
    answer(status, exit: exit, Array((words + "\n").utf8))
  }

  private static func answer(
    _ status: HTTPResponseStatus, exit: Int32, _ body: [UInt8]
  ) -> WebAnswer {
    var answer = WebAnswer(status, contentType: "text/plain; charset=utf-8", body)
    answer.headers.append((ControlAnswer.exitHeader, "\(exit)"))
    return answer
  }
}

extension DaemonSight {
  /// - Parameter now: On the clock that nobody sets.
  init(_ snapshot: DaemonSnapshot, at now: BootInstant) {
    self.init()
    upSeconds = snapshot.startedAt.map { now.seconds(since: $0) } ?? 0
    newestLookSeconds = snapshot.newestSample.map { now.seconds(since: $0.takenAt) }
    intervalSeconds = snapshot.cost.intervalSeconds
    settledIntervalSeconds = snapshot.cost.settledIntervalSeconds
    turnSeconds = snapshot.cost.turnWallSeconds
    isBackedOff = snapshot.cost.isBackedOff
    failure = snapshot.cost.lastFailure
    settingsError = snapshot.settings.isLastReloadGood ? nil : snapshot.settings.errors.first
    journalLost = snapshot.journal.lost
    journalQueued = snapshot.journal.queued
  }
}
