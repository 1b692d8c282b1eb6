// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a look has learnt that seldom changes, so that the next ones need not ask again for a
/// minute: a daemon looks every 15 seconds, on hosts of thousands of processes.
package struct LookMemory: Sendable {
  /// The namespace of a process, and in how many looks in a row it was read so.
  package struct Membership: Hashable, Sendable {
    package var namespace: NetnsID
    package var times: Int
  }

  private struct DatedSettings {
    var settings: TCPSettings
    var readAt: BootInstant
  }

  /// Seconds. As long as the daemon's time between two full looks.
  package static let goodForSeconds = 60.0

  /// By pid. One reading proves nothing: a program may start, and then make a namespace of its own.
  private(set) var memberships: [Int32: Membership] = [:]
  private var membershipsReadAt: BootInstant?
  private var settings: [NetnsID: DatedSettings] = [:]
  /// Boot and kernel: they never change under a running program.
  var boot: HostCounters?

  package init() {}

  /// Whether the namespaces of processes that are known need not be read at a look of `now`.
  func trustsMemberships(at now: BootInstant) -> Bool {
    membershipsReadAt.map { now.seconds(since: $0) < Self.goodForSeconds } ?? false
  }

  /// - Parameter areRead: Whether all were read, not told again.
  mutating func keep(
    _ memberships: [Int32: Membership], areRead: Bool, at now: BootInstant
  ) {
    self.memberships = memberships
    if areRead { membershipsReadAt = now }
  }

  /// The settings of a namespace if they were read lately.
  func settings(of namespace: NetnsID, at now: BootInstant) -> TCPSettings? {
    settings[namespace].flatMap {
      now.seconds(since: $0.readAt) < Self.goodForSeconds ? $0.settings : nil
    }
  }

  mutating func keep(_ read: TCPSettings, of namespace: NetnsID, at now: BootInstant) {
    settings[namespace] = DatedSettings(settings: read, readAt: now)
  }

  /// Forgets namespaces that are gone.
  mutating func keepOnly(_ namespaces: [NamespaceSample]) {
    guard settings.count > namespaces.count else { return }
    let present = Set(namespaces.map(\.id))
    settings = settings.filter { present.contains($0.key) }
  }
}
