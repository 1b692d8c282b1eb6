// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The ephemeral ports in use from one source address to one destination: what connect() runs out
/// of. Each (source, destination, destination port) has the whole range to itself.
package struct EphemeralPorts {
  package struct Route: Hashable, Sendable {
    package var namespace: NetnsID
    package var source: IPAddress
    package var destination: Endpoint
  }

  package var route: Route
  package var capacity: Int
  /// Rows that block a port: not those in TIME_WAIT that the kernel would reuse.
  package var used = 0
  package var inTimeWait = 0
  /// TIME_WAIT rows by age in seconds: how many ports were given back to TIME_WAIT when.
  private var byAge = [Int](repeating: 0, count: 61)
  /// Those of them that block their port, by the second in which they no longer do.
  private var returns = [Int](repeating: 0, count: 60)
  /// For how many seconds a TIME_WAIT blocks its port: not for its life where ports are reused.
  private var blockSeconds = 60
  package var rows: [Int32] = []

  /// All routes of a sample that have at least `fewest` ports in use.
  package static func all(in census: Census, fewest: Int) -> [EphemeralPorts] {
    let sockets = census.sample.sockets
    let crowds = Crowds(sockets)
    guard crowds.largest >= fewest else { return [] }
    var places: [NetnsID: Place] = [:]
    let listening = census.listeners.all.map { sockets[Int($0)] }
    for namespace in census.sample.namespaces {
      places[namespace.id] = Place(namespace, listening: listening)
    }
    var routes: [Route: EphemeralPorts] = [:]
    for (index, row) in sockets.enumerated()
    where row.state != .listen && crowds.size(of: row) >= fewest {
      guard let place = places[row.namespace],
        place.settings.localPortRange.contains(row.localPort),
        !place.listening.contains(row.localPort), row.state != .synRecv
      else { continue }
      let route = Route(
        namespace: row.namespace, source: row.localAddress, destination: row.remote)
      routes[route, default: EphemeralPorts(route, in: place)]
        .add(row, at: Int32(index), isReusable: place.reuses(row))
    }
    return routes.values.filter { $0.used >= fewest }
      .sorted { ($1.used, $0.route.destination) < ($0.used, $1.route.destination) }
  }

  /// Fewer ports to one place are not looked at.
  static let fewest = 50

  /// Routes with many ports in use, in namespaces that have a third of their ports in TIME_WAIT.
  static func crowded(in census: Census) -> [EphemeralPorts] {
    let crowded = Set(
      census.sample.namespaces.lazy.filter {
        $0.sockstat.timeWait >= $0.settings.localPortRange.count / 3
      }.map(\.id))
    guard !crowded.isEmpty else { return [] }
    return all(in: census, fewest: fewest).filter { crowded.contains($0.route.namespace) }
  }

  private init(_ route: Route, in place: Place) {
    self.route = route
    capacity = place.capacity
    blockSeconds = place.blockSeconds(route)
  }

  private mutating func add(_ row: SocketRow, at index: Int32, isReusable: Bool) {
    rows.append(index)
    if row.state == .timeWait {
      inTimeWait += 1
      let age = max(0, 60 - Int(row.timerMilliseconds / 1000))
      byAge[min(60, age)] += 1
      if isReusable { return }
      returns[max(0, blockSeconds - 1 - age)] += 1
    }
    used += 1
  }

  /// Ports that went into TIME_WAIT in each of the last ten whole seconds.
  package var closesPerSecond: Rate {
    let count = byAge[1...10].reduce(0, +)
    let noise = 2 * Double(count).squareRoot()
    return Rate(
      perSecond: Double(count) / 10, low: max(0, (Double(count) - noise) / 10),
      high: (Double(count) + noise) / 10)
  }

  package var share: Double { capacity > 0 ? Double(used) / Double(capacity) : 1 }

  var evidence: Evidence {
    .portsInUse(
      used: used, capacity: capacity, source: route.source, destination: route.destination)
  }

  /// When the last port is gone; nil when as many come back as go before that.
  package var forecast: Forecast {
    var forecast = Forecast(resource: .ephemeralPorts, used: used, limit: capacity)
    let rate = closesPerSecond
    forecast.seconds = secondsLeft(at: rate.perSecond)
    guard forecast.seconds != nil else { return forecast }
    forecast.lowSeconds = secondsLeft(at: rate.high)
    forecast.highSeconds = secondsLeft(at: rate.low)
    return forecast
  }

  /// When each port that is in TIME_WAIT comes back is known, and of one that goes there now: from
  /// then on as many come back as go.
  private func secondsLeft(at rate: Double) -> Double? {
    let capacity = Double(capacity)
    var before = Double(used)
    guard before < capacity else { return rate > 0 ? 0 : nil }
    for second in 0..<blockSeconds {
      let after = before + rate - Double(returns[second])
      if after >= capacity { return Double(second) + (capacity - before) / (after - before) }
      before = after
    }
    return nil
  }

  /// When what grows and is not closed has taken the last port.
  func forecast(growth: Rate) -> Forecast {
    var forecast = Forecast(resource: .ephemeralPorts, used: used, limit: capacity)
    forecast.take(growth, left: max(0, capacity - used))
    return forecast
  }

  /// What of a namespace decides which ports connect() can take.
  private struct Place {
    var settings: TCPSettings
    var listening: Set<UInt16> = []
    var capacity: Int

    init(_ namespace: NamespaceSample, listening sockets: [SocketRow]) {
      settings = namespace.settings
      let range = settings.localPortRange
      for row in sockets where row.namespace == namespace.id {
        listening.insert(row.localPort)
      }
      let reserved = settings.reservedPorts.reduce(0) { count, reserved in
        reserved.overlaps(range) ? count + reserved.clamped(to: range).count : count
      }
      capacity = range.count - reserved - listening.count { range.contains($0) }
    }

    /// Whether connect() may take the port of a TIME_WAIT: where ports are reused, and older than
    /// `tcp_tw_reuse_delay`.
    func reuses(_ row: SocketRow) -> Bool {
      let ageMilliseconds = 60_000 - Int(row.timerMilliseconds)
      return row.state == .timeWait && reuses(from: row.localAddress, to: row.remoteAddress)
        && ageMilliseconds > settings.timeWaitReuseDelayMilliseconds
    }

    /// `tcp_tw_reuse` 1, or 2 on loopback.
    private func reuses(from source: IPAddress, to destination: IPAddress) -> Bool {
      settings.timeWaitReuse == 1
        || settings.timeWaitReuse == 2 && source.isLoopback && destination.isLoopback
    }

    /// In whole seconds, rounded up.
    func blockSeconds(_ route: Route) -> Int {
      guard reuses(from: route.source, to: route.destination.address) else { return 60 }
      return (min(60_000, max(0, settings.timeWaitReuseDelayMilliseconds)) + 999) / 1000
    }
  }

  /// How many rows a route can have at most: rows counted by a short hash of their route. On a
  /// host with thousands of peers nearly all routes are too small, and are not looked at further.
  private struct Crowds {
    private var counts: [UInt32]
    private let bits: Int

    init(_ rows: [SocketRow]) {
      // Four places a row: a quarter of a megabyte on a large host, a page or two on a small one.
      bits = min(16, max(8, Int.bitWidth - (4 * rows.count).leadingZeroBitCount))
      counts = [UInt32](repeating: 0, count: 1 << bits)
      for row in rows where row.state != .listen { counts[place(of: row)] += 1 }
    }

    var largest: Int { Int(counts.max() ?? 0) }

    func size(of row: SocketRow) -> Int { Int(counts[place(of: row)]) }

    @inline(__always)
    private func place(of row: SocketRow) -> Int {
      var value = row.localAddress.low &* 0x9e37_79b9_7f4a_7c15
      value ^= row.remoteAddress.low &+ UInt64(row.remotePort) << 32
      value ^= row.remoteAddress.high &+ UInt64(row.namespace.rawValue)
      return Int(truncatingIfNeeded: (value &* 0xbf58_476d_1ce4_e5b9) >> (64 - UInt64(bits)))
    }
  }
}
