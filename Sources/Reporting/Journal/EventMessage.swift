// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// One line that says everything an on-call engineer needs of an event, without another tool.
package enum EventMessage {
  /// `close-wait-leak firing (warning): python3[4711] in api.service: 88 sockets in CLOSE_WAIT on
  /// local port 8080, 3.0/s, the oldest 4 min, descriptors in 41-55 min; the program has read the
  /// end of stream and never closed (eof-read-not-closed)`.
  package static func line(_ event: FindingEvent) -> String {
    let finding = event.finding
    let words = FindingWords(nil, style: TextStyle(unicode: true))
    let guide = finding.guide
    let subject = words.who(finding)
    let place = words.place(finding).map { ", " + $0 } ?? ""
    switch event.kind {
    case .resolved:
      let lasted = finding.firingSince.map {
        " after " + Quantity.duration(event.at.seconds(since: $0))
      }
      let end = finding.end.map {
        "; " + EndWords.sentence(JournalEvent.End($0), in: finding.state)
      }
      return "\(finding.rule.rawValue) resolved\(lasted ?? ""): \(subject)\(place)\(end ?? ""); "
        + "it was \(words.what(finding)) at its peak"
    case .firing, .worsened:
      let verb = event.kind == .firing ? "firing" : "worsened"
      return "\(finding.rule.rawValue) \(verb) (\(finding.severity.name)): \(subject): "
        + words.what(finding) + place
        + (words.destination(finding).map { ", to " + $0 } ?? "") + figures(finding, words)
        + "; \(words.lowercasedFirst(guide.title)) (\(finding.cause.rawValue))"
        + (words.root(finding).map { "; " + $0 } ?? "")
        + (finding.becauseOf.map { "; because of " + words.printable($0) } ?? "")
        + (finding.accepted.map { "; " + AcceptedWords(words).sentence($0) } ?? "")
    }
  }

  private static func figures(_ finding: Finding, _ words: FindingWords) -> String {
    var parts: [String] = []
    if let growth = finding.growth, growth.perSecond > 0 {
      parts.append("growing by " + Quantity.rate(growth.perSecond))
    }
    if let oldest = finding.oldest, oldest.bound != .unknown {
      parts.append("the oldest " + Quantity.age(oldest))
    }
    if let end = words.outOf(finding) { parts.append(end) }
    return parts.map { ", " + $0 }.joined()
  }
}
