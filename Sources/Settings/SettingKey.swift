// SPDX-License-Identifier: Apache-2.0

import Reporting

/// One thing that can be set: the same in the file, the environment and the flags.
package struct SettingKey: Sendable {
  /// Section and name: `sampling.interval`.
  package let path: String
  /// What it takes, after "expected": `a time from 50ms to 1h, such as 10s`.
  package let expected: String
  /// Why its default is what it is: sentences for the commented file.
  package private(set) var reason: String
  /// How it is written in the file.
  package var form = Form.scalar
  /// Its value in some settings, as the file writes it.
  package let text: @Sendable (DaemonSettings) -> String
  /// Sets it from text; false when the text is not what is expected.
  package let set: @Sendable (inout DaemonSettings, String) -> Bool
  /// Adds an entry, of a key that has ``Form/entries``.
  package var read: Reading?

  package var section: String { String(path.prefix { $0 != "." }) }
  package var name: String { String(path.drop { $0 != "." }.dropFirst()) }
  /// `CLOSEWATCH_FULL_INTERVAL`: without the section, so that it is short. But for
  /// `CLOSEWATCH_OTLP_INTERVAL` and its like, whose names others have.
  package var variable: String {
    let words = section == SettingCatalog.otlpSection ? "\(section)-\(name)" : name
    return "CLOSEWATCH_" + words.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// The same key with other sentences.
  func explained(_ reason: String) -> SettingKey {
    var copy = self
    copy.reason = reason
    return copy
  }

  // MARK: Kinds

  typealias Place<Value> = any WritableKeyPath<DaemonSettings, Value> & Sendable

  /// How a value is read and written.
  struct Access<Value>: Sendable {
    var get: @Sendable (DaemonSettings) -> Value
    var set: @Sendable (inout DaemonSettings, Value) -> Void
  }

  /// A span of time.
  static func time(
    _ path: String, _ place: Place<Double>, from low: Double, to high: Double, _ reason: String
  ) -> SettingKey {
    time(path, Access(place), from: low, to: high, reason)
  }

  static func time(
    _ path: String, _ value: Access<Double>, from low: Double, to high: Double, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path, expected: "a time from \(TimeText.text(low)) to \(TimeText.text(high))",
      reason: reason, text: { TimeText.text(value.get($0)) },
      set: { settings, text in
        guard let span = TimeSpan(text), (low...high).contains(span.seconds)
        else { return false }
        value.set(&settings, span.seconds)
        return true
      })
  }

  /// A number of things.
  static func count(
    _ path: String, _ place: Place<Int>, _ range: ClosedRange<Int>, _ reason: String
  ) -> SettingKey {
    count(path, Access(place), range, reason)
  }

  static func count(
    _ path: String, _ value: Access<Int>, _ range: ClosedRange<Int>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path,
      expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", reason: reason,
      text: { String(value.get($0)) },
      set: { settings, text in
        guard let number = Int(text), range.contains(number) else { return false }
        value.set(&settings, number)
        return true
      })
  }

  /// A part of a whole: `80%`. The sign is needed, because 1 could be either end.
  static func share(
    _ path: String, _ place: Place<Double>, _ reason: String
  ) -> SettingKey {
    share(path, Access(place), reason)
  }

  static func share(
    _ path: String, _ value: Access<Double>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path, expected: "a percentage from 0.1% to 100%", reason: reason,
      text: { percentage(value.get($0)) },
      set: { settings, text in
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()),
          (0.1...100).contains(percent)
        else { return false }
        value.set(&settings, percent / 100)
        return true
      })
  }

  /// Yes or no.
  static func flag(
    _ path: String, _ place: Place<Bool>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path, expected: "true or false", reason: reason,
      text: { String($0[keyPath: place]) },
      set: { settings, text in
        guard let value = Bool(text) else { return false }
        settings[keyPath: place] = value
        return true
      })
  }

  /// What is off until somebody wants it. What writes YAML for others (Helm, Ansible) reads `on` as
  /// `true` and writes that.
  static func onOff(
    _ path: String, _ place: Place<Bool>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path, expected: "on or off", reason: reason,
      text: { $0[keyPath: place] ? "on" : "off" },
      set: { settings, text in
        let values = ["on": true, "true": true, "off": false, "false": false]
        guard let value = values[text] else { return false }
        settings[keyPath: place] = value
        return true
      })
  }

  /// One of a few words.
  static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ path: String, _ place: Place<Choice>, _ reason: String
  ) -> SettingKey {
    SettingKey(
      path: path,
      expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
      reason: reason, text: { $0[keyPath: place].rawValue },
      set: { settings, text in
        guard let value = Choice(rawValue: text) else { return false }
        settings[keyPath: place] = value
        return true
      })
  }

  private static func percentage(_ share: Double) -> String {
    let tenths = (share * 1000).rounded()
    let isWhole = tenths.truncatingRemainder(dividingBy: 10) == 0
    return Quantity.fixed(share * 100, decimals: isWhole ? 0 : 1) + "%"
  }
}

extension SettingKey.Access {
  init(_ place: SettingKey.Place<Value>) {
    self.init(get: { $0[keyPath: place] }, set: { $0[keyPath: place] = $1 })
  }
}

/// A span of time as settings write it: in the largest unit that needs no fraction.
package enum TimeText {
  package static func text(_ seconds: Double) -> String {
    for (unit, size) in [("d", 86_400.0), ("h", 3600), ("m", 60), ("s", 1)]
    where seconds >= size && seconds.truncatingRemainder(dividingBy: size) == 0 {
      return "\(Int(seconds / size))\(unit)"
    }
    return "\(Int((seconds * 1000).rounded()))ms"
  }
}
