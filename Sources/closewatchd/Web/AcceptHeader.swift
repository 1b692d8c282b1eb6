// SPDX-License-Identifier: Apache-2.0

import Reporting

/// Which form of the metrics a client prefers, by its `Accept`.
struct AcceptHeader {
  private var best: (quality: Double, format: ExpositionFormat)?

  /// - Parameter values: The parts of the header between commas.
  init(_ values: [String]) {
    for value in values {
      let parts = value.split(separator: ";").map { Self.trimmed($0).lowercased() }
      guard let type = parts.first else { continue }
      let parameters = parts.dropFirst()
      // A number that is none means no preference, not a refusal.
      let quality =
        parameters.first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 1 } ?? 1
      guard quality > 0, let format = Self.format(type, parameters) else { continue }
      if let best, best.quality >= quality { continue }
      best = (quality, format)
    }
  }

  /// The text format for whoever does not ask for another: people and old scrapers.
  var format: ExpositionFormat { best?.format ?? .prometheusText }

  private static func format(
    _ type: String, _ parameters: ArraySlice<String>
  ) -> ExpositionFormat? {
    let version = parameters.first { $0.hasPrefix("version=") }?.dropFirst("version=".count)
    switch type {
    case "application/openmetrics-text":
      // 0.0.1 differs from 1.0.0 in nothing that is on the page.
      return version == nil || version == "1.0.0" || version == "0.0.1" ? .openMetrics : nil
    case "text/plain":
      return version == nil || version == "0.0.4" ? .prometheusText : nil
    case "text/*", "*/*":
      return .prometheusText
    default:
      return nil
    }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let inner = text.drop { $0 == " " || $0 == "\t" }
    return String(String(inner.reversed().drop { $0 == " " || $0 == "\t" }).reversed())
  }
}
