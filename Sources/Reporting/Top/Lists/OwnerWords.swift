// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// An owner in the words of the screen.
enum OwnerWords {
  /// `api.service`, `container 0123456789ab`, `pod checkout-7f9c/payments (container app)`,
  /// `python3`, `(no process)`.
  static func name(_ owner: Owner, unicode: Bool) -> String {
    switch owner.kind {
    case .unit: UntrustedText.printable(owner.name, unicode: unicode)
    case .container: UntrustedText.printable(owner.title, unicode: unicode)
    case .program:
      owner.name.isEmpty ? "(no name)" : UntrustedText.printable(owner.name, unicode: unicode)
    case .kernel: "(no process)"
    case .unseen: "(\(owner.name))"
    }
  }

  /// The same within some columns: a unit loses its `.service` before it is cut. A program says
  /// first what its process calls itself: `gunicorn (python3.11)`.
  static func name(_ entry: TopOwner, columns: Int, unicode: Bool) -> String {
    var text = name(entry.owner, unicode: unicode)
    let suffix = ".service"
    switch entry.owner.kind {
    case .unit where UntrustedText.columns(text) > columns && text.hasSuffix(suffix):
      text.removeLast(suffix.count)
    case .program:
      // comm is cut at 15 bytes; what an interpreter runs says more than what it calls itself.
      if let command = entry.onlyCommand, !entry.owner.name.contains(command), !command.isEmpty {
        text = UntrustedText.printable(command, unicode: unicode) + " (\(text))"
      }
    default: break
    }
    return UntrustedText.cut(text, columns: columns, unicode: unicode)
  }

  /// The pid, or how many there are.
  static func pids(_ owner: TopOwner) -> String {
    if let pid = owner.onlyPID { return String(pid) }
    return owner.processes == 0 ? "-" : "(\(Quantity.count(owner.processes)))"
  }

  /// `12 min`, `≥12 min` or `>12 min`, `-`.
  static func age(_ age: Age, unicode: Bool) -> String {
    let text = Quantity.shortAge(age)
    return unicode && text.hasPrefix(">") ? "≥" + text.dropFirst() : text
  }

  /// `+180 ↑`: the change in a minute.
  static func growth(_ growth: TopCurve.Growth?, unicode: Bool) -> String {
    guard let growth else { return "-" }
    let arrow =
      switch growth.trend {
      case .up: unicode ? "↑" : "^"
      case .down: unicode ? "↓" : "v"
      case .steady: "="
      }
    let change = Int(growth.perMinute.rounded())
    return (change > 0 ? "+" : "") + short(change) + " " + arrow
  }

  /// `112/1,024`, `64k/1.0M`.
  static func descriptors(_ owner: TopOwner) -> String {
    guard let use = owner.account.descriptors else { return "-" }
    return short(use.used) + "/" + (use.limit > 1 << 40 ? "none" : short(Int(use.limit)))
  }

  /// The share of the limit as a bar.
  static func bar(_ share: Double, columns: Int, unicode: Bool) -> String {
    guard share >= 0, columns > 0 else { return String(repeating: " ", count: columns) }
    let eighths = Int((min(share, 1) * Double(columns) * 8).rounded(.up))
    guard unicode else {
      let full = (eighths + 7) / 8
      return String(repeating: "#", count: full) + String(repeating: ".", count: columns - full)
    }
    let parts = Array(" ▏▎▍▌▋▊▉")
    let rest = eighths % 8
    let bar = String(repeating: "█", count: eighths / 8) + (rest > 0 ? String(parts[rest]) : "")
    return bar + String(repeating: " ", count: columns - bar.count)
  }

  /// `firing close-wait-leak`, `pending`.
  static func finding(_ finding: Finding?, isLong: Bool) -> String {
    finding.map { Self.finding($0.lifecycle, $0.rule, isLong: isLong) } ?? ""
  }

  static func finding(_ lifecycle: Lifecycle, _ rule: RuleID, isLong: Bool) -> String {
    isLong ? "\(lifecycle.rawValue) \(rule.rawValue)" : lifecycle.rawValue
  }

  static func emphasis(_ finding: Finding?) -> Emphasis {
    guard let finding, finding.lifecycle == .firing else { return .plain }
    return Emphasis(finding.severity)
  }

  /// What a filter looks at.
  static func searched(_ owner: TopOwner, in picture: TopPicture) -> String {
    let finding = owner.finding.map { picture.findings[$0] }
    return [
      name(owner, columns: 200, unicode: true), owner.onlyPID.map { String($0) } ?? "",
      self.finding(finding, isLong: true), finding?.severity.name ?? "",
    ].joined(separator: " ")
  }

  /// A count in at most five columns: `9,999`, `64k`, `1.0M`.
  static func short(_ value: Int) -> String {
    let size = value.magnitude
    if size < 10_000 { return Quantity.count(value) }
    if size < 999_500 { return Quantity.fixed(Double(value) / 1000, decimals: 0) + "k" }
    return Quantity.fixed(Double(value) / 1_000_000, decimals: size < 9_950_000 ? 1 : 0) + "M"
  }
}
