// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One TCP connection for its whole life.
///
/// The kernel's cookie where the source knows it; else a number made from the addresses and ports,
/// which lasts as long as nobody reuses them.
package struct SocketID: Hashable, Sendable {
  package var key: UInt64
  package var namespace: NetnsID

  /// Of a dead socket that was never seen alive: sockfs has one number space for all namespaces.
  init(inode: UInt64) {
    key = inode
    namespace = NetnsID(rawValue: 0)
  }

  package init(_ row: SocketRow) {
    namespace = row.namespace
    key = row.knowledge.contains(.cookie) ? row.cookie : Self.tupleKey(row)
  }

  /// For ``SlotTable``. Cookies are counted up by each processor: they are not random.
  @inline(__always)
  var hash: UInt64 { SlotTable.mix(key ^ UInt64(namespace.rawValue) << 32) }

  private static func tupleKey(_ row: SocketRow) -> UInt64 {
    let words = [
      row.localAddress.high, row.localAddress.low, row.remoteAddress.high,
      row.remoteAddress.low, UInt64(row.localPort) << 16 | UInt64(row.remotePort),
    ]
    // splitmix64: every bit of every word reaches every bit of the key.
    return words.reduce(0x9e37_79b9_7f4a_7c15) { hash, word in
      var mixed = (hash ^ word) &* 0xbf58_476d_1ce4_e5b9
      mixed ^= mixed >> 27
      mixed = mixed &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }
}

/// What the census remembers of one connection. Fixed size: a host can have 100,000 of them.
package struct Connection: Sendable {
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// ``Connection/stateSince`` is the instant of entry, not merely the latest possible one.
    package static let sinceIsExact = Flags(rawValue: 1)
    /// A keepalive timer was seen on it.
    package static let hadKeepalive = Flags(rawValue: 2)
    /// It has sent something while it was in this state.
    package static let sentInState = Flags(rawValue: 4)
    /// It was there in the first look: how it came to be was not watched.
    package static let inFirstLook = Flags(rawValue: 8)
    /// Its socket was seen with an inode at some time.
    package static let hadInode = Flags(rawValue: 16)
    /// It came in through a listener: its counters say so, or the local port is (or was) a
    /// listener's and they do not say.
    package static let isInbound = Flags(rawValue: 32)
    /// Two looks bracket its entry into ``Connection/state``: the one before showed it in another.
    package static let cameIntoStateWhileWatched = Flags(rawValue: 64)
    /// It is an MPTCP socket: what is unread is not known.
    package static let isMPTCP = Flags(rawValue: 128)
  }

  package let id: SocketID
  /// The inode of its socket, kept after the row has lost it.
  package var inode: UInt64
  /// When it entered ``state``, or the latest instant at which it can have.
  package var stateSince: BootInstant
  /// When this program first saw it.
  package let firstSeen: BootInstant
  /// When it last sent or received data, or had its send queue change, as far as was seen.
  package var progressAt: BootInstant
  /// The last look that showed it.
  package var lastSeen: BootInstant
  /// Its row in the newest sample, or -1.
  package var rowIndex: Int32 = -1
  /// The process that held it when it was last seen with a holder: an index into
  /// ``ProcessTable``, or -1.
  package var opener: Int32 = -1
  var bytesAcked: UInt32 = 0
  var bytesReceived: UInt32 = 0
  var sendQueue: UInt32 = 0
  /// Recv-Q in the last row that was seen: kept for what has died since.
  var receiveQueue: UInt32 = 0
  package let localPort: UInt16
  package let remotePort: UInt16
  package var state: TCPState
  package var previousState: TCPState
  var absences: UInt8 = 0
  /// False in a slot of the census that is free.
  var isInUse = true
  package var flags: Flags = []

  init(_ row: SocketRow, at instant: BootInstant, age: Age, isFirstLook: Bool) {
    id = SocketID(row)
    inode = row.inode
    firstSeen = instant
    lastSeen = instant
    // `stateSince` is the latest possible entry: an age that is only a lower bound still moves it.
    let known = age.bound != .unknown
    stateSince = known ? instant.advanced(bySeconds: -age.seconds) : instant
    if age.bound == .exact { flags.insert(.sinceIsExact) }
    progressAt = Self.lastProgress(row, at: instant) ?? stateSince
    localPort = row.localPort
    remotePort = row.remotePort
    state = row.state
    previousState = row.state
    if isFirstLook { flags.insert(.inFirstLook) }
    remember(row)
  }

  /// Whether a row with the same identity is of the same socket: addresses can be used again.
  @inline(__always)
  func isSameSocket(as row: SocketRow) -> Bool {
    row.inode == 0 || inode == 0 || inode == row.inode
  }

  /// How long it has been in its state, at least.
  package func dwellSeconds(at now: BootInstant) -> Double {
    max(0, now.seconds(since: stateSince))
  }

  package func age(at now: BootInstant) -> Age {
    Age(
      seconds: dwellSeconds(at: now), bound: flags.contains(.sinceIsExact) ? .exact : .atLeast)
  }

  /// Takes in the row of a further look.
  ///
  /// - Parameter isAfterGap: Whether this look came late. While the host sleeps, no process can
  ///   close anything, and the kernel's ages stand still: then an exact one is right, and of the
  ///   gap no more has passed for it than the kernel says.
  mutating func update(
    _ row: SocketRow, at instant: BootInstant, age: Age, isAfterGap: Bool = false
  ) {
    let since = instant.advanced(bySeconds: -age.seconds)
    let hasChanged = row.state != state
    if hasChanged {
      previousState = state
      state = row.state
      flags.remove([.sentInState, .sinceIsExact])
      if !isAfterGap { flags.insert(.cameIntoStateWhileWatched) }
      stateSince = age.bound == .unknown ? instant : since
      if age.bound == .exact { flags.insert(.sinceIsExact) }
      progressAt = stateSince
    } else if age.bound != .unknown,
      since < stateSince || isAfterGap && age.bound == .exact
    {
      // The kernel's clock for it can be reset by later segments; the earliest claim holds.
      stateSince = since
      if age.bound == .exact { flags.insert(.sinceIsExact) }
    } else if isAfterGap {
      let known = age.bound == .unknown ? 0 : age.seconds
      let seconds = max(known, lastSeen.seconds(since: stateSince))
      stateSince = max(stateSince, instant.advanced(bySeconds: -seconds))
    }
    if isAfterGap, !hasChanged {
      let silent = Self.lastProgress(row, at: instant).map { instant.seconds(since: $0) } ?? 0
      let seconds = max(silent, lastSeen.seconds(since: progressAt))
      progressAt = max(progressAt, instant.advanced(bySeconds: -seconds))
    }
    // Against what it had when it came into this state: what it did before is another story.
    if !hasChanged, hasProgressed(row) {
      progressAt = instant
      flags.insert(.sentInState)
    }
    lastSeen = instant
    absences = 0
    remember(row)
  }

  private func hasProgressed(_ row: SocketRow) -> Bool {
    // A send queue that only grows is the application writing to a peer that does not read: that
    // is progress of the writer as long as it goes on.
    row.sendQueue != sendQueue || UInt32(truncatingIfNeeded: row.bytesAcked) != bytesAcked
      || UInt32(truncatingIfNeeded: row.bytesReceived) != bytesReceived
  }

  private mutating func remember(_ row: SocketRow) {
    bytesAcked = UInt32(truncatingIfNeeded: row.bytesAcked)
    bytesReceived = UInt32(truncatingIfNeeded: row.bytesReceived)
    sendQueue = row.sendQueue
    receiveQueue = row.receiveQueue
    if row.inode != 0 {
      inode = row.inode
      flags.insert(.hadInode)
    }
    if row.timer == .keepalive { flags.insert(.hadKeepalive) }
    if row.knowledge.contains(.mptcp) { flags.insert(.isMPTCP) }
    if row.knowledge.contains(.accepted) { flags.insert(.isInbound) }
    if row.knowledge.contains(.opened) { flags.remove(.isInbound) }
  }

  /// When the kernel last saw data on it, where the row tells.
  private static func lastProgress(_ row: SocketRow, at instant: BootInstant) -> BootInstant? {
    guard row.knowledge.contains(.tcpInfo), row.state != .synSent else { return nil }
    let ago = min(row.lastDataSentMilliseconds, row.lastDataReceivedMilliseconds)
    return instant.advanced(bySeconds: -Double(ago) / 1000)
  }
}

extension SocketRow {
  /// Whether something was sent that nothing has come back for: false as well where the source does
  /// not tell. The byte that is always acknowledged on the side that connects is its SYN.
  var waitsForAnswer: Bool {
    guard knowledge.contains(.tcpInfo) else { return false }
    return lastDataSentMilliseconds < lastDataReceivedMilliseconds
      || (bytesReceived == 0 && bytesAcked > 1)
  }
}
