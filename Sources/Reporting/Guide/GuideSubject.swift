// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a text of a guide is about: all that may change its words.
package struct GuideSubject: Hashable, Sendable {
  package var cause: Cause
  /// Of the program that has to change: for `inherited-by-child` that is the one that opened the
  /// sockets, not the child that holds them. It decides how stacks are seen, and the lasting fix.
  package var runtime: ProcessRuntime
  /// nil: not known, or a page about both.
  package var direction: ConnectionDirection?
  /// Who can change it.
  package var reader: GuideReader
  /// What saves the service comes before what explains it: something runs out within the hour.
  package var isUrgent = false
  /// More of them come.
  package var isGrowing = false
  /// None of its sockets has a row any more: their connections have died under the descriptors.
  package var areAllDead = false
  /// It has no descriptor left.
  package var isFull = false
  /// Descriptors may be what runs out: room for more of them helps.
  package var needsDescriptors = true
  /// Ephemeral ports are what runs out first.
  package var needsPorts = false
  /// Some of its sockets are of MPTCP: whether the end of the stream was read is not known, and
  /// what shows and ends sockets of TCP does not do so with these.
  package var isMPTCP = false
  /// Whether a full accept queue is accepted from; nil: not known, or a page about both.
  package var queueMoves: Bool?
  /// A FIN is all that has come from peers elsewhere: they may still wait for an answer.
  package var peersMayWait = true
  /// It waits for something else: more room or more workers would wait for the same.
  package var waitsForBackend = false

  /// - Parameters:
  ///   - runtime: Unknown where no program is meant in particular.
  ///   - reader: nil: what the runtime says of it; a proxy is a program of its own.
  package init(
    _ cause: Cause, runtime: ProcessRuntime = .unknown, direction: ConnectionDirection? = nil,
    reader: GuideReader? = nil
  ) {
    self.cause = cause
    self.runtime = runtime
    self.direction = direction
    self.reader = reader ?? ProgramGuide.named(runtime.rawValue).map(GuideReader.of) ?? .author
  }

  package init(_ finding: Finding) {
    let direction: ConnectionDirection? =
      finding.localPort != nil ? .inbound : finding.remotePort != nil ? .outbound : nil
    let actors = finding.culprits.filter { $0.role != .peer }
    // The child that inherited sockets is not who has to change.
    let opener = finding.cause == .inheritedByChild ? actors.first { $0.role == .opener } : nil
    self.init(
      finding.cause, runtime: finding.runtime, direction: direction,
      reader: (opener ?? actors.first).map { GuideReader($0.process) })
    isUrgent = finding.severity == .critical && finding.lifecycle == .firing
    isGrowing = finding.growth != nil
    isMPTCP = finding.doubts.contains(.endUnknown)
    areAllDead = finding.turnedDead > 0 && finding.turnedDead >= finding.sockets
    queueMoves = finding.queueMoves
    waitsForBackend = finding.root?.kind == .waitsForBackend
    // Of a peer on this host it is known.
    peersMayWait = !finding.peers.allSatisfy { $0.remote.address.isLoopback }
    guard let forecast = finding.forecast else {
      // Many processes with a socket or two each: more descriptors help none of them.
      let holders = actors.filter { $0.role == .holder }
      if holders.count > 2, holders.allSatisfy({ $0.sockets <= 2 }) { needsDescriptors = false }
      return
    }
    needsPorts = forecast.resource == .ephemeralPorts
    if forecast.resource == .descriptors {
      isFull = forecast.used >= forecast.limit
      needsDescriptors = forecast.seconds != nil || forecast.used >= forecast.limit - forecast.used
    }
  }
}
