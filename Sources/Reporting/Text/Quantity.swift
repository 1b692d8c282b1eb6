// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// Numbers in words: one style for every output.
package enum Quantity {
  /// `1,204`.
  package static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var out = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { out += "," }
      out.append(digit)
    }
    return out
  }

  /// `1 socket`, `1,204 sockets`.
  package static func count(_ value: Int, _ singular: String, plural: String? = nil) -> String {
    "\(count(value)) \(value == 1 ? singular : plural ?? singular + "s")"
  }

  /// `350 ms`, `2.1 s`, `26 s`, `3 min`, `2.5 h`, `4 d`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "unknown" }
    let unit = Unit.fitting(seconds)
    return unit.text(seconds) + " " + unit.name
  }

  /// `41-55 min`; one figure when both read the same.
  package static func duration(from low: Double, to high: Double) -> String {
    guard low.isFinite, high.isFinite else { return "unknown" }
    let unit = Unit.fitting(high)
    let (first, last) = (unit.text(low), unit.text(high))
    return (first == last ? last : first + "-" + last) + " " + unit.name
  }

  /// `12 s`, `at least 12 s`, `unknown`.
  package static func age(_ age: Age) -> String {
    switch age.bound {
    case .exact: duration(age.seconds)
    case .atLeast: "at least " + duration(age.seconds)
    case .unknown: "unknown"
    }
  }

  /// The same in few columns: `12 s`, `>12 s`, `-`.
  package static func shortAge(_ age: Age) -> String {
    switch age.bound {
    case .exact: duration(age.seconds)
    case .atLeast: ">" + duration(age.seconds)
    case .unknown: "-"
    }
  }

  /// `3.0/s`, `1.2/min`, `4.0/h`: the first unit in which it is 0.5 or more.
  package static func rate(_ perSecond: Double) -> String {
    let (factor, name) = rateUnit(perSecond)
    return figure(perSecond * factor) + "/" + name
  }

  /// `3.0/s (2.8-3.2)`.
  package static func rate(_ rate: Rate) -> String {
    let (factor, name) = rateUnit(rate.perSecond)
    let (low, high) = (figure(rate.low * factor), figure(rate.high * factor))
    let middle = figure(rate.perSecond * factor) + "/" + name
    return low == high ? middle : "\(middle) (\(low) to \(high))"
  }

  /// `512 B`, `3.9 MB`.
  package static func bytes(_ value: Int) -> String {
    var size = Double(value)
    for name in ["B", "kB", "MB", "GB"] {
      if size < 1000 || name == "GB" {
        return (name == "B" || size >= 10 ? fixed(size, decimals: 0) : fixed(size, decimals: 1))
          + " " + name
      }
      size /= 1000
    }
    return count(value) + " B"
  }

  /// `value` with exactly `decimals` places, rounded half away from zero. No locale, no exponent.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    var text: [UInt8] = []
    text.appendFixed(value, decimals: decimals)
    return String(decoding: text, as: UTF8.self)
  }

  private static func figure(_ value: Double) -> String {
    value.magnitude >= 100 ? count(Int(value.rounded())) : fixed(value, decimals: 1)
  }

  private static func rateUnit(_ perSecond: Double) -> (factor: Double, name: String) {
    let size = perSecond.magnitude
    if size >= 0.5 { return (1, "s") }
    return size * 60 >= 0.5 ? (60, "min") : (3600, "h")
  }

  /// A unit of time and where it begins to read well.
  private struct Unit {
    var name: String
    var seconds: Double
    /// Below this many units one decimal place is shown.
    var decimalBelow: Double

    static func fitting(_ seconds: Double) -> Unit {
      switch seconds.magnitude {
      case ..<0.9995: Unit(name: "ms", seconds: 0.001, decimalBelow: 0)
      case ..<99.5: Unit(name: "s", seconds: 1, decimalBelow: 9.95)
      case ..<5970: Unit(name: "min", seconds: 60, decimalBelow: 0)
      case ..<172_800: Unit(name: "h", seconds: 3600, decimalBelow: 9.95)
      default: Unit(name: "d", seconds: 86_400, decimalBelow: 0)
      }
    }

    func text(_ value: Double) -> String {
      let units = value / seconds
      let size = units.magnitude
      if size < decimalBelow, size > 0 { return Quantity.fixed(units, decimals: 1) }
      guard size < 9e15 else { return "more" }
      return Quantity.count(Int(units.rounded()))
    }
  }
}
