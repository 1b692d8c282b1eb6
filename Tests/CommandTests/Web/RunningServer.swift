// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import KernelTables
import Logging
import Reporting
import TestSupport

@testable import closewatchd

/// The web server in this process, on a free port, with what a look has left.
final class RunningServer {
  let port: UInt16
  let store: SnapshotStore
  let life: SignOfLife
  private let open: WebServer.Open
  private var isStopped = false

  /// A log that nobody reads.
  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// - Parameters:
  ///   - limits: Shorter ones than the real ones, for tests that wait for them.
  ///   - config: The path of the web settings.
  ///   - owners: How many owners have stuck sockets: the size of the page.
  init(
    limits: WebLimits = WebLimits(), config: String? = nil, owners: Int = 3,
    addresses: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 0)],
    allowedHosts: [String] = [], life: SignOfLife = SignOfLife()
  ) throws {
    self.life = life
    store = SnapshotStore(Self.snapshot(owners: owners))
    var settings = WebSettings()
    settings.addresses = addresses
    settings.limits = limits
    settings.configFile = config
    settings.allowedHosts = allowedHosts
    let server = try WebServer(
      settings, store: store, queue: SamplerQueue(store), life: life, logger: Self.silent)
    port = server.ports.first ?? 0
    open = try server.start()
  }

  deinit {
    if !isStopped { try? open.abort() }
  }

  /// Ends it, and says what went wrong with that.
  func stop() throws {
    isStopped = true
    try open.abort()
  }

  func client() throws -> WebClient { try WebClient(port: port) }

  /// One request on a connection of its own.
  func get(_ path: String, _ headers: String = "", method: String = "GET") throws -> WebClient
    .Answer?
  {
    let client = try client()
    client.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
    return client.answer(isHead: method == "HEAD")
  }

  private static func snapshot(owners: Int) -> DaemonSnapshot {
    var snapshot = DaemonSnapshot(
      startedAt: BootInstant(seconds: 900), startedWallSeconds: 1_700_000_000)
    let look = SampleSummary(
      takenAt: BootInstant(seconds: 1000), wallClockSeconds: 1_700_000_100, cost: SampleCost(),
      rows: 7)
    snapshot.newestSample = look
    snapshot.fullSample = look
    snapshot.cost.intervalSeconds = 10
    snapshot.picture.owners = (0..<owners).map { index in
      var owner = OwnerAccount(Owner(.unit, "unit-\(index).service"))
      owner.states[.closeWait] = index + 1
      owner.stuck = owner.states
      return owner
    }
    return snapshot
  }
}
