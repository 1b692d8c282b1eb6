// SPDX-License-Identifier: Apache-2.0

import Console
import KernelTables
import LinuxHost
import Reporting
import Settings
import TestSupport
import Testing

@testable import closewatch
@testable import closewatchd

/// What a daemon answers that has nothing to rely on, and what triage makes of it.
@Suite struct UnreadyDaemonTests {
  /// A host without sockets, whose looks are as old as told, or fail.
  private struct DullHost: Host {
    /// Of each look, in their order; nil: it fails. The last one holds on.
    var ages: [Double?]
    static let failure = "cannot read any TCP table: no"

    mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
      guard case .sample(let request) = request.question else { return .holders(HolderReport()) }
      let next = ages.count > 1 ? ages.removeFirst() : ages[0]
      guard let age = next else { throw HostError(Self.failure) }
      var sample = Sample(
        takenAt: Clock.boot.advanced(bySeconds: -age), wallClockSeconds: Clock.wallSeconds - age,
        states: request.states)
      var namespace = NamespaceSample(id: NetnsID(rawValue: 77))
      namespace.isOwn = true
      sample.namespaces = [namespace]
      return .sample(sample)
    }
  }

  /// 20 days: the minutes that a busy machine may add do not show in words.
  private static let age = 20 * 86_400.0

  /// What it says after a turn for each age: by default 15 s are between two looks.
  private static func answer(afterLooks ages: [Double?]) async throws -> WebAnswer {
    let store = SnapshotStore(
      DaemonSnapshot(startedAt: Clock.boot, startedWallSeconds: Clock.wallSeconds))
    let sampler = try Sampler(settings: DaemonSettings(), store: store) {
      DullHost(ages: ages.isEmpty ? [nil] : ages)
    }
    for _ in ages { _ = await sampler.turn() }
    return ControlPages.answer(await sampler.triage(of: nil), TriageQuery())
  }

  @Test(
    arguments: [
      ([], "it has not looked yet"),
      ([nil], "it has not looked yet: \(DullHost.failure)"),
      ([Self.age], "its last look was 20 d ago"),
      ([Self.age, nil], "its last look was 20 d ago: \(DullHost.failure)"),
    ] as [([Double?], String)])
  func `why its knowledge cannot be relied on is its answer`(
    _ ages: [Double?], _ reason: String
  ) async throws {
    let answer = try #require(
      ControlAnswer(Self.bytes(of: try await Self.answer(afterLooks: ages))))
    #expect(answer.status == 503)
    #expect(answer.exitStatus == 2)
    #expect(DaemonClient.line(answer.body) == reason)
    // To ask again at once would bring nothing else.
    #expect(!answer.isBusy)
  }

  @Test(
    .requires(.root),
    arguments: [([], "it has not looked yet"), ([Self.age], "its last look was 20 d ago")]
      as [([Double?], String)])
  func `triage says so, and looks for itself`(_ ages: [Double?], _ reason: String) async throws {
    let directory = TemporaryDirectory()
    let socket = "\(directory.path)/control.sock"
    let server = try UnixServer(socket)
    try server.answer(Self.bytes(of: try await Self.answer(afterLooks: ages)))
    var page = ""
    // On a busy machine an answer may come too late.
    for _ in 0..<20 {
      let run = try #require(Command.run(["triage", "--control-socket", socket]))
      #expect([0, 1].contains(run.status))
      page = run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if !page.contains("not within 1.5 s") { break }
    }
    #expect(
      page.contains("One look only; the daemon does not answer (\(reason))."), "\(page)")
  }

  private static func bytes(of answer: WebAnswer) -> [UInt8] {
    var head = "HTTP/1.1 \(answer.status)\r\nContent-Length: \(answer.body.count)\r\n"
    for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
    return Array((head + "\r\n").utf8) + answer.body
  }
}
