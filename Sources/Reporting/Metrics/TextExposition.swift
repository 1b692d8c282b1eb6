// SPDX-License-Identifier: Apache-2.0

/// Series as text.
///
/// Source: prometheus/docs `exposition_formats.md` (0.0.4), the OpenMetrics 1.0.0 specification.
struct TextExposition: ExpositionForm {
  private let format: ExpositionFormat
  private var bytes: [UInt8] = []
  /// The family whose header is written.
  private var family: MetricFamily?

  init(_ format: ExpositionFormat) {
    self.format = format
    bytes.reserveCapacity(65_536)
  }

  mutating func sample(
    _ family: MetricFamily, _ labels: [String], _ value: Double, created: Double?
  ) {
    if family.name != self.family?.name { writeHeader(of: family) }
    line(family.sampleName, labels, value)
    if let created, format == .openMetrics, family.kind == .counter {
      line(family.name + "_created", labels, created)
    }
  }

  mutating func finish() -> [UInt8] {
    if format == .openMetrics { bytes.append("# EOF\n") }
    return bytes
  }

  private mutating func writeHeader(of family: MetricFamily) {
    self.family = family
    let name = format == .openMetrics ? family.name : family.sampleName
    bytes.append("# HELP \(name) ")
    appendEscaped(family.help, quotes: format == .openMetrics)
    bytes.append("\n# TYPE \(name) \(type(of: family))\n")
    if format == .openMetrics, let unit = family.unit { bytes.append("# UNIT \(name) \(unit)\n") }
  }

  private func type(of family: MetricFamily) -> String {
    switch family.kind {
    case .counter: "counter"
    case .gauge: "gauge"
    // 0.0.4 does not know the type.
    case .info: format == .openMetrics ? "info" : "gauge"
    }
  }

  private mutating func line(_ name: String, _ labels: [String], _ value: Double) {
    bytes.append(name)
    if let family, !labels.isEmpty {
      var lead = UInt8(ascii: "{")
      for (label, text) in zip(family.labels, labels) {
        bytes.append(lead)
        lead = UInt8(ascii: ",")
        bytes.append(label)
        bytes.append("=\"")
        appendEscaped(text, quotes: true)
        bytes.append(UInt8(ascii: "\""))
      }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
    append(value)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func appendEscaped(_ text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append("\\\\")
      case UInt8(ascii: "\n"): bytes.append("\\n")
      case UInt8(ascii: "\"") where quotes: bytes.append("\\\"")
      default: bytes.append(byte)
      }
    }
  }

  private mutating func append(_ value: Double) {
    // Whole numbers up to 2^53 are exact.
    if value.rounded() == value, abs(value) < 9_007_199_254_740_992 {
      bytes.appendDecimal(Int64(value))
    } else if value.isNaN {
      bytes.append("NaN")
    } else if value.isInfinite {
      bytes.append(value > 0 ? "+Inf" : "-Inf")
    } else {
      bytes.append(value.description)
    }
  }
}
