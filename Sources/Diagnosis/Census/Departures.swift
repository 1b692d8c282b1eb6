// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Where a connection belongs before its process is known: its side and the port that names it.
package struct PortKey: Hashable, Sendable {
  package var namespace: NetnsID
  package var state: TCPState
  package var isInbound: Bool
  /// The listener's port of an inbound connection, the remote port of an outbound one.
  package var port: UInt16

  /// One word, and not four: it is asked for each socket of a look.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(
      UInt64(namespace.rawValue) << 32 | UInt64(port) << 16 | UInt64(state.rawValue) << 8
        | (isInbound ? 1 : 0))
  }

  package init(_ connection: Connection, state: TCPState? = nil) {
    namespace = connection.id.namespace
    self.state = state ?? connection.state
    isInbound = connection.flags.contains(.isInbound)
    port = isInbound ? connection.localPort : connection.remotePort
  }

  /// What waits for a listener, or came through it.
  init(listener: SocketRow, state: TCPState) {
    namespace = listener.namespace
    self.state = state
    isInbound = true
    port = listener.localPort
  }
}

/// A connection that has left a state.
package struct Departure: Hashable, Sendable {
  package var at: BootInstant
  package var dwellSeconds: Double
  /// The process that held it, an index into ``ProcessTable``, or -1.
  package var process: Int32
}

/// What is known of those that left one population.
package struct Departures: Sendable {
  /// The newest, as they came: how long it usually takes.
  package var newest: [Departure] = []
  /// Those that took 8 s or longer, over a longer time.
  package var long: [Departure] = []
  /// Since when those of 8 s or longer have come, of each process, further back than the others.
  package var runs: [StayRun] = []

  package init(newest: [Departure] = [], long: [Departure] = [], runs: [StayRun] = []) {
    self.newest = newest
    self.long = long
    self.runs = runs
  }

  /// All that is known, without a bound.
  package init(_ all: [Departure]) { self.init(newest: all, long: all) }

  /// How many left after at least `seconds` in the state, and meet a condition.
  func count(ofAtLeast seconds: Double, where isCounted: (Departure) -> Bool) -> Int {
    (seconds >= 8 ? long : newest).count { $0.dwellSeconds >= seconds && isCounted($0) }
  }
}

/// Who has left which state lately: the proof that sockets do get closed here.
///
/// Long stays are rare among many short ones and say more. So the newest are kept of each order of
/// length: a thousand that left within a second must not push out the one that left after an hour.
///
/// Bounded: the newest 256 and 64 of each of seven lengths for each port, 1,024 ports; those of
/// ports that are dropped are counted. And 131,072 in all, some 3 MB, and a third more at times:
/// where there are more than 186 ports, each keeps its share.
package struct DepartureLog: Sendable {
  private static let departuresPerPort = 256
  private static let departuresPerLength = 64
  private static let lengths = 7
  private static let ports = 1024
  private static let most = 131_072

  private struct Port {
    var newest = Ring()
    /// Stays of 8 to 16 s, of 16 to 32 s, and so on; the last holds all of more than 8 minutes.
    var byLength = [Ring](repeating: Ring(), count: lengths)
    var longStays = LongStays()
    var lastAt = BootInstant(nanoseconds: 0)

    mutating func append(_ departure: Departure, within limit: Limit) {
      lastAt = departure.at
      newest.append(departure, limit: limit.newest)
      guard departure.dwellSeconds >= 8 else { return }
      let length = min(lengths - 1, Int((departure.dwellSeconds / 8).exponent))
      byLength[length].append(departure, limit: limit.ofLength)
      longStays.note(departure)
    }

    mutating func keep(_ limit: Limit) {
      newest.keep(limit.newest)
      for length in byLength.indices { byLength[length].keep(limit.ofLength) }
    }

    mutating func keep(_ isKept: (Departure) -> Bool) {
      newest.keep(isKept)
      for length in byLength.indices { byLength[length].keep(isKept) }
    }
  }

  private struct Ring {
    var newest: [Departure] = []
    var next = 0

    /// In the order in which they came: the oldest must be the next to go.
    private var inOrder: ArraySlice<Departure> { newest[next...] + newest[..<next] }

    mutating func append(_ departure: Departure, limit: Int) {
      keep(limit)
      if newest.count < limit {
        if next > 0 { (newest, next) = (Array(inOrder), 0) }
        newest.append(departure)
      } else {
        newest[next] = departure
        next = (next + 1) % limit
      }
    }

    mutating func keep(_ limit: Int) {
      if newest.count > limit { (newest, next) = (Array(inOrder.suffix(limit)), 0) }
    }

    mutating func keep(_ isKept: (Departure) -> Bool) {
      (newest, next) = (inOrder.filter(isKept), 0)
    }
  }

  /// How many a port keeps.
  private struct Limit {
    var newest = departuresPerPort
    var ofLength = departuresPerLength

    init(ofPorts count: Int) {
      let whole = newest + lengths * ofLength
      guard count * whole > most else { return }
      newest = newest * most / (count * whole)
      ofLength = ofLength * most / (count * whole)
    }
  }

  private var rings: [PortKey: Port] = [:]
  /// Departures that were not kept because there are too many ports.
  package private(set) var dropped = 0

  mutating func record(_ departure: Departure, key: PortKey) {
    if rings[key] == nil, rings.count >= Self.ports {
      guard let oldest = rings.min(by: { $0.value.lastAt < $1.value.lastAt }) else { return }
      dropped += oldest.value.newest.newest.count
      rings[oldest.key] = nil
    }
    let limit = Limit(ofPorts: rings.count)
    let isNew = rings[key] == nil
    rings[key, default: Port()].append(departure, within: limit)
    // The share of each becomes less by a quarter at most until the next time.
    if isNew, rings.count.isMultiple(of: 64) { keepShares() }
  }

  /// The departures of one port since an instant, in no order. Those whose process is known and is
  /// not accepted by `isOurs` are another service's.
  package func departures(
    _ key: PortKey, since: BootInstant, isOurs: (Int32) -> Bool
  ) -> Departures {
    guard let port = rings[key] else { return Departures() }
    func wanted(_ ring: Ring) -> [Departure] {
      ring.newest.filter { $0.at >= since && ($0.process < 0 || isOurs($0.process)) }
    }
    let runs = port.longStays.runs.filter { $0.key < 0 || isOurs($0.key) }.values
    return Departures(
      newest: wanted(port.newest), long: port.byLength.flatMap(wanted), runs: Array(runs))
  }

  /// Forgets what left some processes since `instant`.
  mutating func forget(ofProcesses processes: Set<Int32>, since instant: BootInstant) {
    guard !processes.isEmpty else { return }
    for key in rings.keys {
      rings[key]?.keep { $0.at < instant || !processes.contains($0.process) }
      rings[key]?.longStays.forget(processes)
    }
  }

  /// When something has last left each process that is known here.
  var lastDepartures: [Int32: BootInstant] {
    var newest: [Int32: BootInstant] = [:]
    func take(_ ring: Ring) {
      for departure in ring.newest {
        newest[departure.process] = max(newest[departure.process] ?? departure.at, departure.at)
      }
    }
    for port in rings.values {
      take(port.newest)
      port.byLength.forEach(take)
      for (process, run) in port.longStays.runs {
        newest[process] = max(newest[process] ?? run.newest, run.newest)
      }
    }
    return newest
  }

  /// Forgets ports where nothing has left since `instant`, and what is beyond a port's share.
  mutating func forget(before instant: BootInstant) {
    rings = rings.filter { $0.value.lastAt >= instant }
    keepShares()
  }

  private mutating func keepShares() {
    let limit = Limit(ofPorts: rings.count)
    for key in rings.keys { rings[key]?.keep(limit) }
  }
}
