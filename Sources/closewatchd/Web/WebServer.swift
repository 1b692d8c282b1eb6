// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxHost
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import Reporting
import ServiceLifecycle

/// What the web server is told at the start.
struct WebSettings: Sendable {
  /// Empty: no server.
  var addresses: [ListenAddress] = [.standard]
  /// Listen on the sockets that systemd passes instead.
  var usesSystemdSockets = false
  var configFile: String?
  /// Names that the status page is asked for under, beside those of ``KnownHosts``.
  var allowedHosts: [String] = []
  var limits = WebLimits()

  /// Whether there is a server at all.
  var isServed: Bool { usesSystemdSockets || !addresses.isEmpty }
}

/// Serves the pages over HTTP. Nearly all answers come from the snapshot store.
///
/// One thread, so that a storm of scrapers cannot take more than one core.
struct WebServer: Service {
  /// A socket that listens, and how to name it in the log.
  private struct Listener {
    var fd: Int32
    var name: String
    /// The file to remove at the end.
    var file: SocketFile?
  }

  private let listeners: [Listener]
  private let limits: WebLimits
  private let source: WebConfigSource
  private let makePages: @Sendable (WebConnections) -> any Pages
  /// Whether passwords can be asked for: their checks have a thread.
  private let checksPasswords: Bool
  private let logger: Logger

  /// Binds the sockets: what is wrong with an address shows before anything runs.
  ///
  /// - Throws: ``UsageError``: one line that says which address or file, and why.
  init(
    _ settings: WebSettings, store: SnapshotStore, queue: SamplerQueue, life: SignOfLife,
    logger: Logger
  ) throws(UsageError) {
    limits = settings.limits
    checksPasswords = true
    self.logger = logger
    do throws(SettingsErrors) {
      source = try WebConfigSource(path: settings.configFile, logger: logger)
    } catch {
      throw UsageError(error.errors.map(\.description).joined(separator: "; "))
    }
    listeners =
      settings.usesSystemdSockets
      ? try Self.activated()
      : try settings.addresses.map { address throws(UsageError) in
        try Self.bind(address)
      }
    let (source, limits) = (source, settings.limits)
    let hosts = KnownHosts(settings.allowedHosts + [HostName.current])
    makePages = { connections in
      store.connect {
        var numbers = WebNumbers()
        numbers.openConnections = connections.count
        numbers.connectionLimit = connections.limit
        numbers.timedOut = connections.timeouts
        numbers.isConfigGood = source.isGood
        return numbers
      }
      return WebPages(
        store: store, life: life, limits: limits,
        hosts: hosts, isConfigGood: { source.isGood },
        asksForPassword: { source.current.auth != nil }, queue: queue)
    }
  }

  /// Serves other pages, without passwords, on a unix socket that is bound already.
  ///
  /// - Parameters:
  ///   - socket: Its file is removed at the end.
  ///   - name: Of the socket, for the log.
  init(
    unixSocket socket: BoundUnixSocket, named name: String, pages: any Pages, limits: WebLimits,
    logger: Logger
  ) {
    listeners = [Listener(fd: socket.fd, name: name, file: socket.file)]
    self.limits = limits
    source = WebConfigSource(logger: logger)
    makePages = { _ in pages }
    checksPasswords = false
    self.logger = logger
  }

  private static func activated() throws(UsageError) -> [Listener] {
    let found: [Int32]
    do throws(SystemCallError) {
      found = try ListeningSocket.activated()
    } catch {
      throw UsageError("--web.systemd-socket: \(error)")
    }
    guard !found.isEmpty else {
      throw UsageError(
        "--web.systemd-socket: systemd has passed no socket ($LISTEN_FDS is not set for this "
          + "process); start it through a socket unit")
    }
    return found.map { fd in
      let port = ListeningSocket.port(of: fd).map { ", port \($0)" } ?? ""
      return Listener(fd: fd, name: "systemd's socket \(fd)\(port)")
    }
  }

  private static func bind(_ address: ListenAddress) throws(UsageError) -> Listener {
    do throws(SystemCallError) {
      switch address {
      case .tcp(let host, let port):
        let fd = try ListeningSocket.bindTCP(host: host, port: port)
        let bound = ListenAddress.tcp(host: host, port: ListeningSocket.port(of: fd) ?? port)
        return Listener(fd: fd, name: bound.description)
      case .unix(let path, let mode):
        let socket = try ListeningSocket.bindUnix(path: path, mode: mode)
        return Listener(fd: socket.fd, name: address.description, file: socket.file)
      }
    } catch {
      let hint =
        error.isAddressTaken ? "; another program listens there: choose --web.listen-address" : ""
      throw UsageError("cannot listen on \(address): \(error.reason)\(hint)")
    }
  }

  /// The ports that it listens on, in the order of the addresses; none for a unix socket.
  var ports: [UInt16] { listeners.compactMap { ListeningSocket.port(of: $0.fd) } }

  /// Serves until the program is told to stop.
  func run() async throws {
    let open = try start()
    try? await gracefulShutdown()
    await stop(open)
    try? await open.pool.shutdownGracefully()
    try? await open.group.shutdownGracefully()
  }

  /// A server that serves.
  struct Open: Sendable {
    fileprivate var channels: [any Channel] = []
    /// Of unix sockets.
    fileprivate var files: [SocketFile]
    fileprivate var group: MultiThreadedEventLoopGroup
    fileprivate var pool: NIOThreadPool
    fileprivate var connections: WebConnections

    /// Ends everything at once, also answers that are on their way. Not for an event loop.
    func abort() throws {
      removeFiles()
      for channel in channels { try channel.close().wait() }
      connections.stop()
      connections.closeAll()
      try pool.syncShutdownGracefully()
      try group.syncShutdownGracefully()
    }

    /// Before the sockets are closed: as long as somebody listens there, no other daemon takes
    /// the file for one that was left behind, and puts its own there.
    fileprivate func removeFiles() {
      for file in files { file.remove() }
    }
  }

  /// Begins to serve, on a thread of its own. Waits for it: not for an event loop.
  func start() throws -> Open {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let pool = NIOThreadPool(numberOfThreads: 1)
    if checksPasswords { pool.start() }
    let connections = WebConnections(limit: limits.connections)
    var open = Open(
      files: listeners.compactMap(\.file), group: group, pool: pool, connections: connections)
    let gate = WebGate(source: source, connections: connections, pool: pool, group: group)
    let pages = makePages(connections)
    for listener in listeners {
      let bootstrap = bootstrap(group, connections: connections, gate: gate, pages: pages)
      open.channels.append(try bootstrap.withBoundSocket(listener.fd).wait())
      // The library has set a backlog of its own.
      ListeningSocket.restoreBacklog(of: listener.fd)
      logger.notice("listening on \(listener.name)")
    }
    return open
  }

  /// Lets answers that are on their way go out, and waits for them no longer than told.
  private func stop(_ open: Open) async {
    let connections = open.connections
    open.removeFiles()
    for channel in open.channels { try? await channel.close() }
    connections.stop()
    let limit = Clock.monotonicSeconds + limits.shutdownSeconds
    while connections.count > 0, Clock.monotonicSeconds < limit {
      guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { break }
    }
    connections.closeAll()
  }

  private func bootstrap(
    _ group: any EventLoopGroup, connections: WebConnections, gate: WebGate, pages: any Pages
  ) -> ServerBootstrap {
    let source = source
    let limits = limits
    return ServerBootstrap(group: group)
      // One at a time, so that the bound of connections is exact.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptGate(connections))
        }
      }
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let clock = ConnectionClock(limits: limits, connections: connections)
          try pipeline.addHandler(clock)
          // The clock sees encrypted bytes too: a slow handshake is a slow request.
          if let tls = source.current.tls { try tls.add(to: pipeline, after: clock) }
          try Self.addHTTP(to: pipeline, limits)
          try pipeline.addHandlers(
            RequestErrorHandler(),
            HTTPResponseCompressor { head, _ in
              let isIdentity = head.headers.contains(name: RequestHandler.identity)
              head.headers.remove(name: RequestHandler.identity)
              return isIdentity ? .doNotCompress : .compressIfPossible
            },
            RequestHandler(pages: pages, gate: gate, clock: clock, limits: limits))
        }
      }
      // Nagle's algorithm and delayed acknowledgements together cost 40 ms an answer.
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
  }

  private static func addHTTP(
    to pipeline: ChannelPipeline.SynchronousOperations, _ limits: WebLimits
  ) throws {
    var bounds = NIOHTTPDecoderLimitConfiguration()
    bounds.maxHeaderFieldSize = limits.headerLineBytes
    bounds.maxHeaderListSize = limits.headerBytes
    bounds.maxHeaderFieldCount = limits.headerLines
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: true, withServerUpgrade: nil, withErrorHandling: false,
      withOutboundHeaderValidation: true, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: bounds)
  }
}
