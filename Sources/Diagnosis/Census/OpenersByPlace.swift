// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Somewhere that connections of a namespace go to.
package struct OpenerPlace: Hashable, Sendable {
  package var namespace: NetnsID
  package var remote: Endpoint

  init(namespace: NetnsID, remote: Endpoint) {
    self.namespace = namespace
    self.remote = remote
  }

  init(_ route: EphemeralPorts.Route) {
    self.init(namespace: route.namespace, remote: route.destination)
  }
}

/// Who was seen to open connections to a place: caught in the act, or holding one that lived for
/// long enough. Most live for a moment, and what one look has learnt is worth keeping.
package struct OpenersByPlace: Sendable {
  /// A host that exhausts its ports to that many places has one cause, not as many.
  private static let mostPlaces = 64
  private static let mostProcesses = 64
  static let keptSeconds = 3600.0

  private struct Openers {
    /// Connections by process index.
    var counts: [Int32: Int] = [:]
    var newestAt: BootInstant
  }

  private var places: [OpenerPlace: Openers] = [:]

  mutating func note(
    _ process: Int32, connections: Int = 1, at place: OpenerPlace, _ now: BootInstant
  ) {
    if places[place] == nil, places.count >= Self.mostPlaces,
      let oldest = places.min(by: { $0.value.newestAt < $1.value.newestAt })?.key
    {
      places[oldest] = nil
    }
    var openers = places[place] ?? Openers(newestAt: now)
    openers.newestAt = now
    // A process for each connection: the first few say enough.
    if openers.counts[process] != nil || openers.counts.count < Self.mostProcesses {
      openers.counts[process, default: 0] += connections
    }
    places[place] = openers
  }

  /// Connections by process index.
  func openers(at place: OpenerPlace) -> [Int32: Int] { places[place]?.counts ?? [:] }

  /// The same of every place on a port of a namespace.
  func openers(to port: UInt16, in namespace: NetnsID) -> [Int32: Int] {
    places.filter { $0.key.namespace == namespace && $0.key.remote.port == port }
      .reduce(into: [:]) { $0.merge($1.value.counts, uniquingKeysWith: +) }
  }

  mutating func forget(before instant: BootInstant) {
    places = places.filter { $0.value.newestAt >= instant }
  }

  var processes: Set<Int32> { Set(places.values.flatMap(\.counts.keys)) }
}

extension Census {
  /// Whether it says anything of who opens connections now: it has come while it was watched, and
  /// within the lives of a connection and its TIME_WAIT. One that was there before may be a
  /// bystander's, which was connected long since.
  func wasOpenedLately(_ connection: Connection) -> Bool {
    !connection.flags.contains(.inFirstLook)
      && now.seconds(since: connection.firstSeen) <= Self.latelySeconds
  }
  /// ESTABLISHED is read once a minute as a rule, and TIME_WAIT lasts another.
  private static let latelySeconds = 120.0
  /// So many say enough: few may be of somebody else.
  static let enoughOpened = 10

  /// Who probably opens: who holds live connections if they say enough, else also who is remembered
  /// of the last hour.
  static func inferredOpeners(
    live: [Int32: Int], remembered: [Int32: Int]
  ) -> [Int32: Int] {
    live.values.reduce(0, +) >= enoughOpened
      ? live : live.merging(remembered, uniquingKeysWith: max)
  }
}
