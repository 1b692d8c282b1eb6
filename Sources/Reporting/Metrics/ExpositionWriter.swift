// SPDX-License-Identifier: Apache-2.0

/// What the series of a page are written as: text, or messages.
protocol ExpositionForm {
  /// Adds a sample. Those of one family follow each other.
  ///
  /// - Parameters:
  ///   - labels: One value for each label of the family, fit to be written.
  ///   - created: Since when a counter counts, in seconds since 1970, if that is known.
  mutating func sample(
    _ family: MetricFamily, _ labels: [String], _ value: Double, created: Double?)

  /// All of it.
  mutating func finish() -> [UInt8]
}

/// Writes families of metrics in one of their forms, with a hard bound on how many series there can
/// be.
struct ExpositionWriter {
  private var form: any ExpositionForm
  /// Series beyond this are left out and counted.
  var seriesLimit: Int
  /// Series written.
  private(set) var series = 0
  /// Series left out: past the limit, or a second one with the labels of the first.
  private(set) var omitted = 0
  private var family: MetricFamily?
  private var seen: Set<[String]> = []

  init(_ form: any ExpositionForm, seriesLimit: Int) {
    self.form = form
    self.seriesLimit = seriesLimit
  }

  /// Begins a family. All its samples follow before the next begins. A family without samples
  /// leaves no trace.
  mutating func begin(_ next: MetricFamily) {
    family = next
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
    form.sample(family, safe, value, created: created)
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
  mutating func finish() -> [UInt8] { form.finish() }
}
