// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import NIOCore
import NIOHTTP1
import Reporting

/// Which request gets which page. They are made from the newest snapshot, but for the
/// sockets of a finding, which the sampler is asked for. None changes anything.
struct WebPages: Pages {
  let store: SnapshotStore
  let life: SignOfLife
  let limits: WebLimits
  let hosts: KnownHosts
  /// Whether the newest read of the web settings succeeded.
  let isConfigGood: @Sendable () -> Bool
  /// Whether who comes in has shown a password: then addresses may be shown, too.
  let asksForPassword: @Sendable () -> Bool
  let queue: SamplerQueue

  func reply(to head: HTTPRequestHead, on loop: any EventLoop) -> PageReply {
    let path = head.uri.prefix { $0 != "?" }
    guard path == FindingSocketsPage.path, asksForPassword(), knows(head),
      WebAnswer.refusal(of: head) == nil
    else { return .ready(answer(to: head)) }
    let query = String(head.uri.dropFirst(path.count + 1))
    return queue.ask(on: loop, busy: Self.busy) { sampler in
      switch await sampler.sockets(of: query) {
      case .list(let sockets): Self.html(FindingSocketsPage(sockets).bytes())
      case .unready(let why): Self.busy(why)
      case .unknown:
        WebAnswer(.notFound, "404 there is no such finding now; see / for those that are")
      }
    }
  }

  private static func busy(_ why: String) -> WebAnswer {
    var answer = WebAnswer(.serviceUnavailable, "503 \(why)")
    answer.headers.append(("Retry-After", "1"))
    return answer
  }

  private func knows(_ head: HTTPRequestHead) -> Bool { hosts.know(head.headers["host"].first) }

  /// What is no resource for other pages, and asks for none itself.
  private static func html(_ bytes: [UInt8]) -> WebAnswer {
    var answer = WebAnswer(.ok, contentType: "text/html; charset=utf-8", bytes)
    answer.headers = [
      ("Content-Security-Policy", StatusPage.contentSecurityPolicy),
      ("Referrer-Policy", "no-referrer"),
    ]
    return answer
  }

  /// - Parameter head: A request whose client may see the pages.
  func answer(to head: HTTPRequestHead) -> WebAnswer {
    if let refusal = WebAnswer.refusal(of: head) { return refusal }
    let path = head.uri.prefix { $0 != "?" }
    let query = head.uri.dropFirst(path.count + 1)
    let answer =
      switch path {
      case "/metrics": metrics(accept: head.headers[canonicalForm: "accept"].map(String.init))
      case "/" where !knows(head):
        WebAnswer(
          .misdirectedRequest,
          "421 this page is not served under that name; allow it with --web.allowed-hosts")
      case "/": statusPage(StatusFolds(query: query))
      case "/-/healthy": healthy
      case "/-/ready": ready
      default: WebAnswer(.notFound, "404 there is no such page; see / for those that are")
      }
    guard answer.body.count <= limits.responseBytes else {
      return WebAnswer(
        .internalServerError, "500 the page is larger than \(limits.responseBytes) bytes")
    }
    return answer
  }

  /// Not whether looks succeed: a restart would not help with that. Whether they come to an end.
  private var healthy: WebAnswer {
    guard let seconds = life.silence() else { return WebAnswer(.ok, "closewatch is alive.") }
    return WebAnswer(
      .serviceUnavailable,
      "closewatch is stuck: no look has finished for \(Quantity.duration(seconds)); the limit is "
        + "\(Quantity.duration(life.boundSeconds)).")
  }

  private var ready: WebAnswer {
    let snapshot = store.snapshot
    guard snapshot.newestSample != nil else {
      let why = snapshot.cost.lastFailure.map { ": " + $0 } ?? ""
      return WebAnswer(.serviceUnavailable, "closewatch has not looked yet\(why)")
    }
    guard !snapshot.cost.isBlind else {
      return WebAnswer(
        .serviceUnavailable, "closewatch sees nothing: \(snapshot.cost.lastFailure ?? "")")
    }
    return WebAnswer(.ok, "closewatch is ready.")
  }

  /// A reader who reads or copies must be able to stop the page from reloading.
  private func statusPage(_ folds: StatusFolds) -> WebAnswer {
    var snapshot = store.snapshot
    var web = WebNumbers()
    web.isConfigGood = isConfigGood()
    snapshot.web = web
    var input = StatusInput(snapshot)
    input.hostName = HostName.current
    let now = Clock.boot
    input.sampleAgeSeconds = snapshot.newestSample.map { max(0, now.seconds(since: $0.takenAt)) }
    let interval = Int(snapshot.cost.intervalSeconds.rounded(.up))
    input.folds = folds
    input.refreshSeconds =
      folds.reloads ? min(max(interval, Self.refreshLeast), Self.refreshMost) : nil
    input.linksSockets = asksForPassword()
    var answer = Self.html(StatusPage(input).bytes())
    if let seconds = input.refreshSeconds {
      // Without the address, a browser that was sent to a place on the page may stay there and load
      // nothing.
      answer.headers.append(("Refresh", "\(seconds); url=\(folds.address)"))
    }
    return answer
  }

  /// Seconds between two loads of the status page: as often as there is a new sample, within
  /// these. 30 s: time to read.
  private static let refreshLeast = 30
  private static let refreshMost = 120

  private func metrics(accept: [String]) -> WebAnswer {
    let format = AcceptHeader(accept).format
    var answer = WebAnswer(
      .ok, contentType: format.contentType, MetricsPage(store.forMetrics).bytes(format))
    answer.headers.append(("Vary", "Accept"))
    return answer
  }
}
