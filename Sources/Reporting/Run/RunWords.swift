// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// How a socket that a run has left is told, in every format.
struct RunWords {
  let style: TextStyle

  func name(_ process: ProcessRecord) -> String {
    ProcessWords.name(process, unicode: style.unicode)
  }

  /// `python3[812] left 2 connections to 127.0.0.1:8080 in CLOSE_WAIT (fd 5, 6), for 3.1 s`.
  func sentence(_ group: RunReport.Group) -> String {
    let count = group.sockets.count
    let first = group.first
    let descriptors = group.sockets.prefix(Self.descriptorsShown).map { "\($0.fd)" }
    let more = count > Self.descriptorsShown ? ", \(style.unicode ? "…" : "...")" : ""
    let state =
      first.isDead
      ? "dead, and " + (count == 1 ? "its" : "their") + " descriptor"
        + (count == 1 ? "" : "s") + " open" : "in \(TCPState.closeWait.name)"
    return "\(name(first.process)) left \(what(first, count)) \(state)"
      + " (fd \(descriptors.joined(separator: ", "))\(more)), \(when(group))\(sharers(first))"
  }

  private static let descriptorsShown = 3

  private func what(_ socket: LeftSocket, _ count: Int) -> String {
    guard let row = socket.row else {
      return Quantity.count(count, "socket") + " that no look saw connected"
    }
    let connections = Quantity.count(count, "connection")
    if socket.isInbound == true {
      let peer = count == 1 ? " from \(row.remote)" : ""
      return "\(connections)\(peer), accepted on \(row.local),"
    }
    return "\(connections) \(socket.isInbound == nil ? "with" : "to") \(row.remote)"
  }

  private func when(_ group: RunReport.Group) -> String {
    let age = group.oldest
    switch group.first.end {
    case .exit: return "when it ended"
    case .grace:
      return age.bound == .unknown ? "for an unknown time" : "for \(Quantity.age(age))"
    }
  }

  private func sharers(_ socket: LeftSocket) -> String {
    guard !socket.sharers.isEmpty else { return "" }
    let pids = socket.sharers.prefix(3).map { "\($0.pid)" }.joined(separator: ", ")
    let more = socket.sharers.count > 3 ? " and \(socket.sharers.count - 3) more" : ""
    return "; held by pid \(pids)\(more) too"
  }

  /// What is wrong with it.
  static func meaning(isDead: Bool) -> String {
    isDead
      ? "The connection is gone, and the program keeps its descriptor: close it."
      : "The other end has closed, and the program has not: close it when a read returns 0."
  }

  /// Where in the code a socket is.
  func text(_ place: CodePlace) -> String {
    let words = printable(place.words)
    return place.kind == nil ? "where in the code is not known: \(words)" : words
  }

  func printable(_ text: String) -> String {
    UntrustedText.printable(text, unicode: style.unicode)
  }
}
