// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// What the status page is written from: numbers of bounded size, no rows of the table.
package struct StatusInput: Sendable {
  /// The same numbers that a scrape gets.
  package var metrics: MetricsInput
  /// Sockets by state over time, of all namespaces.
  package var timeline = StateTimeline()
  /// How long ago the newest sample was taken, at the time of the request.
  package var sampleAgeSeconds: Double?
  /// After how many seconds the page asks for itself again; nil: it does not.
  package var refreshSeconds: Int?

  package init(_ metrics: MetricsInput) { self.metrics = metrics }

  var firing: [Finding] { metrics.findings.filter { $0.lifecycle == .firing } }
  var pending: [Finding] { metrics.findings.filter { $0.lifecycle == .pending } }
  var resolved: [Finding] { metrics.findings.filter { $0.lifecycle == .resolved } }

  /// Whether a sample is so old that what the page says may no longer be true: three are missing,
  /// and time for a slow one.
  var isStale: Bool {
    guard let age = sampleAgeSeconds else { return false }
    return age > 3 * metrics.sampler.intervalSeconds + 10
  }

  /// Of all namespaces, without listeners.
  var connections: Int {
    metrics.namespaces.reduce(0) { sum, namespace in
      namespace.states.reduce(sum) { $1.key == .listen ? $0 : $0 + $1.value }
    }
  }
}
