// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Says what stands behind a finding. Where it is inferred, the words say so.
enum RootWords {
  /// The words before the place, if one is known.
  static func what(_ kind: Root.Kind, hasPlace: Bool = true) -> String {
    switch kind {
    case .waitsForBackend where !hasPlace:
      "probably waits for a backend that refuses its connections"
    case .waitsForBackend: "probably waits for"
    case .ownLimit: "probably at its own limit of clients or workers:"
    case .stoppedReading: "has probably stopped reading on purpose:"
    case .stoppedBySignal: "stopped by a signal (state T)" + (hasPlace ? ":" : "")
    }
  }

  /// `76 attempts to connect and 3 connections without an answer`.
  static func waiting(_ waiting: Root.Waiting) -> String {
    var open: [String] = []
    if waiting.connecting > 0 {
      open.append(Quantity.count(waiting.connecting, "attempt") + " to connect")
    }
    if waiting.unanswered > 0 { open.append(Quantity.count(waiting.unanswered, "connection")) }
    var parts: [String] = []
    if !open.isEmpty { parts.append(open.joined(separator: " and ") + " without an answer") }
    if waiting.idle > 0 {
      parts.append(Quantity.count(waiting.idle, "connection") + " silent as long as the clients")
    }
    if waiting.blocked > 0 {
      parts.append(Quantity.count(waiting.blocked, "connection") + " whose Send-Q does not drain")
    }
    return parts.joined(separator: ", ")
  }

  /// The same for a page that anyone may read: without an address or a process.
  static func withoutAddress(_ root: Root) -> String {
    let place = root.place.map { " port \($0.port)" } ?? ""
    let isElsewhere = root.kind == .waitsForBackend
    return what(root.kind, hasPlace: root.place != nil)
      + (isElsewhere && !place.isEmpty ? " a backend," : "") + place
      + (root.waiting.map { ": " + waiting($0) } ?? "")
  }
}

extension Finding {
  /// What to look at because of its root, before anything else.
  var rootSteps: [String] {
    guard let root else { return [] }
    switch root.kind {
    case .waitsForBackend where root.place == nil:
      return [
        "It has no connection to a backend, and connects fail here. See whether they go on:\n"
          + "{netns}nstat -asz TcpActiveOpens TcpAttemptFails",
        "Is the backend up, at the address that the configuration has? See its own log for why.",
      ]
    case .waitsForBackend:
      return [
        "It probably waits for {backend}. See whether that answers, and what state it is in:\n"
          + "{netns}ss -Htnop '( dst = {backend} )' | head"
      ] + root.programLook + [
        "See what the process at {backend} does:\n"
          + "grep -H . /proc/{backend-pid}/task/*/wchan"
      ]
    case .stoppedReading:
      // Told of its clients, who only see that nobody reads; or of itself.
      guard localPort == nil else {
        return [
          "It serves others and leaves these unread: look for an alarm of its own (memory, disk)."
        ]
      }
      let step =
        "{backend} serves others and leaves these unread: look for an alarm there (memory, disk)."
      return [step] + root.programLook
    case .ownLimit: return []
    case .stoppedBySignal:
      // Of its own process the whole text speaks: ``GuideText/ofStopped(_:)``.
      guard localPort == nil, root.place != nil else { return [] }
      return [GuideStep.letGoOn("the process at {backend}", pid: "{backend-pid}")]
    }
  }
}

extension Root {
  /// The first thing to ask the program at its place, where that is a known one.
  fileprivate var programLook: [String] {
    guard let process, let port = place?.port, let program = ProgramGuide.of(process)
    else { return [] }
    // Its namespace, unit and the rest are not those of the finding.
    let values: [GuidePlaceholder: String] = [.port: "\(port)", .pid: "{backend-pid}"]
    let known = program.look.compactMap { step in
      GuidePlaceholder.replaceAll(in: step) { values[$0] }
    }
    return known.first.map { [$0] } ?? []
  }
}
