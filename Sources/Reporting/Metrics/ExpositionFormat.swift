// SPDX-License-Identifier: Apache-2.0

/// The text forms in which a page of metrics can be written.
package enum ExpositionFormat: Hashable, Sendable, CaseIterable {
  /// Prometheus' text format, version 0.0.4.
  case prometheusText
  /// OpenMetrics, version 1.0.0.
  case openMetrics

  /// The value of the header `Content-Type`.
  package var contentType: String {
    switch self {
    case .prometheusText: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}
