// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The queries of the dashboards, asked of a real Prometheus while there is a leak.
struct DashboardQueries {
  static let names = ["closewatch-fleet", "closewatch-host"]

  /// Parts of queries that may be without an answer while all is as it should be, and why.
  static let mayBeEmpty = [
    "> 120 + 2 * closewatch_sample_interval_seconds":
      "every daemon has looked within two minutes",
    "sum by (instance, kind) (closewatch_gaps{":
      "the daemons of the test run as root and see everything",
    "closewatch_finding_ended_timestamp_seconds{":
      "nothing ends while there is a leak",
    "closewatch_kernel_tcp_memory_limit_pages":
      "tcp_mem is there in the first network namespace of a machine only, and these have their own",
  ]

  private let fleet: Fleet
  private let host: String

  init(_ fleet: Fleet, host: String) {
    self.fleet = fleet
    self.host = host
  }

  static func read(_ name: String) throws -> Dashboard {
    let bytes = try #require(readBytes("\(Fleet.deploy)/grafana/\(name).json"))
    return try Dashboard(String(decoding: bytes, as: UTF8.self))
  }

  /// Each query is understood, and has an answer within a minute.
  func haveAnswers() throws {
    for name in Self.names {
      for query in try Self.read(name).queries {
        try check(filled(query.expression), "\(name): \(query.title)")
      }
    }
  }

  private func check(_ expression: String, _ place: String) throws {
    if Self.mayBeEmpty.keys.contains(where: { expression.contains($0) }) {
      let answer = try fleet.query(expression)
      #expect(answer.status == "success", "\(place): \(answer.error ?? "") \(expression)")
      return
    }
    do {
      let answer = try waitFor(place) {
        try fleet.query(expression)
      } until: {
        $0.status != "success" || !$0.series.isEmpty
      }
      #expect(answer.status == "success", "\(place): \(answer.error ?? "") \(expression)")
    } catch {
      Issue.record("\(place) has no data: \(expression)")
    }
  }

  /// What Grafana does with variables.
  private func filled(_ expression: String) -> String {
    var filled = expression.replacing("$__rate_interval", with: "20s")
      .replacing("$instance", with: host)
    // As they are at first: all of them.
    for name in ["cluster", "severity", "owner"] {
      filled = filled.replacing("$\(name)", with: ".*")
    }
    return filled
  }
}
