// SPDX-License-Identifier: Apache-2.0

import Console
import KernelTables
import LinuxHost
import NIOCore
import NIOHTTP1
import Reporting

/// What the daemon answers the other commands with. Read-only, like everything over HTTP.
///
/// A report is gathered on the sampling thread, between two turns, from what the newest turn has
/// left there; it is written elsewhere.
final class ControlPages: Pages {
  /// The largest answer: what a client takes.
  private static let limit = 16 << 20

  private let queue: SamplerQueue
  private let store: SnapshotStore

  init(sampler: Sampler, store: SnapshotStore) {
    queue = SamplerQueue(store, sampler: sampler)
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
    return queue.ask(on: loop, busy: Self.busy) { sampler in
      Self.answer(await sampler.triage(of: target), query)
    }
  }

  static func answer(_ triage: Sampler.Triage, _ query: TriageQuery) -> WebAnswer {
    switch triage {
    case .unready(let why): return line(.serviceUnavailable, exit: ExitStatus.blind, why)
    case .unknown(let absence): return line(.notFound, exit: ExitStatus.blind, absence)
    case .report(var report):
      report.utcOffsetSeconds = query.utcOffsetSeconds
      report.showsAll = query.showsAll
      report.isAskedElsewhere = query.isAskedElsewhere
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
    countsConnects = snapshot.countsConnects
    connectsUncounted = snapshot.gaps.first { $0.kind == .connectsUncounted }?.detail
    failure = snapshot.cost.lastFailure
    settingsError = snapshot.settings.isLastReloadGood ? nil : snapshot.settings.errors.first
    journalLost = snapshot.journal.lost
    journalQueued = snapshot.journal.queued
    pushFailure = snapshot.pushes?.failure
  }
}
