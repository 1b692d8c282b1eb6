// SPDX-License-Identifier: Apache-2.0

/// Writes families of metrics as text, with a hard bound on how many series there can be.
///
/// Source: prometheus/docs `exposition_formats.md` (0.0.4), the OpenMetrics 1.0.0 specification.
struct ExpositionWriter {
  let format: ExpositionFormat
  /// Series beyond this are left out and counted.
  var seriesLimit: Int
  /// Series written.
  private(set) var series = 0
  /// Series left out: past the limit, or a second one with the labels of the first.
  private(set) var omitted = 0
  private var bytes: [UInt8] = []
  private var family: MetricFamily?
  private var isHeaderWritten = false
  private var seen: Set<[String]> = []

  init(format: ExpositionFormat, seriesLimit: Int) {
    self.format = format
    self.seriesLimit = seriesLimit
    bytes.reserveCapacity(65_536)
  }

  /// Begins a family. All its samples follow before the next begins. A family without samples
  /// leaves no trace.
  mutating func begin(_ next: MetricFamily) {
    family = next
    isHeaderWritten = false
    seen.removeAll(keepingCapacity: true)
  }

  /// A sample of the family that was begun.
  ///
  /// - Parameters:
  ///   - labels: One value for each label of the family, in its order.
  ///   - value: Any number; not a number and infinity are written as such.
  ///   - created: For counters: since when it counts, in seconds since 1970, if that is known.
  mutating func sample(_ labels: [String] = [], _ value: Double, created: Double? = nil) {
    guard let family else { return }
    precondition(labels.count == family.labels.count, "\(family.name): a value for each label")
    let safe = labels.map(LabelValue.safe)
    guard series < seriesLimit, seen.insert(safe).inserted else {
      omitted += 1
      return
    }
    series += 1
    writeHeader(of: family)
    line(family.sampleName, safe, value)
    if let created, format == .openMetrics, family.kind == .counter {
      line(family.name + "_created", safe, created)
    }
  }

  /// A sample of a whole number.
  mutating func sample(_ labels: [String] = [], _ value: Int, created: Double? = nil) {
    sample(labels, Double(value), created: created)
  }

  /// A family of one sample that has no labels; nothing when there is no value.
  mutating func single(_ family: MetricFamily, _ value: Double?, created: Double? = nil) {
    begin(family)
    if let value { sample([], value, created: created) }
  }

  /// A family of one whole number that has no labels; nothing when there is no value.
  mutating func single(_ family: MetricFamily, _ value: Int?, created: Double? = nil) {
    single(family, value.map(Double.init), created: created)
  }

  /// The whole page.
  mutating func finish() -> [UInt8] {
    if format == .openMetrics { bytes.append("# EOF\n") }
    return bytes
  }

  private mutating func writeHeader(of family: MetricFamily) {
    guard !isHeaderWritten else { return }
    isHeaderWritten = true
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
