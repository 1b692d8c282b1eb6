// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxHost
import NIOCore
import NIOHTTP1
import NIOPosix
import Reporting
import Settings
import Synchronization

#if TLS
  import NIOSSL
#endif

/// Posts to a collector: each time on a connection of its own, on one thread, within a deadline.
///
/// A connection that is kept would save a handshake a minute, and would have to be watched: a
/// collector that closes it would leave closewatch with a socket in CLOSE_WAIT.
final class CollectorClient: Sendable {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let errand: Errand
  /// Whom to trust, and by which version of which file.
  private let trust = Mutex<Trust?>(nil)

  private struct Trust: Sendable {
    var authorities: String
    var version: FileVersion?
    var tls: CollectorTLS
  }

  /// What a push needs of files and name servers.
  private struct Preparation: Sendable {
    var headers: HTTPHeaders
    var tls: CollectorTLS?
    /// Where to connect to, each in its turn.
    var places: [SocketAddress]
  }

  /// Why there is no push, in one line.
  private struct Failure: Error {
    var reason: String
  }

  init() throws(SystemCallError) { errand = try Errand(purpose: "push") }

  /// Ends what is on its way.
  func close() async { try? await group.shutdownGracefully() }

  /// Posts a request of OTLP, and waits for what becomes of it no longer than the settings say.
  func post(_ body: [UInt8], to url: CollectorURL, _ settings: OTLPSettings) async
    -> CollectorAnswer
  {
    let limit = "\(TimeText.text(settings.timeout)) (otlp.timeout)"
    let deadline = NIODeadline.now() + .nanoseconds(Int64(settings.timeout * 1e9))
    let prepared: Preparation
    switch await errand.run(
      within: settings.timeout, { [self] in prepare(url, body.count, settings) })
    {
    case .done(.success(let value)): prepared = value
    case .done(.failure(let failure)): return .failed(failure.reason)
    case .late:
      return .failed(
        "\(url.host): the lookup, or a file that otlp names, took longer than \(limit)")
    case .busy: return .failed("\(url.host): an earlier lookup still hangs")
    }
    let head = HTTPRequestHead(
      version: .http1_1, method: .POST, uri: url.path, headers: prepared.headers)
    var answer = CollectorAnswer.failed("no time was left to connect")
    for (index, place) in prepared.places.enumerated() {
      // An address that does not answer leaves the others their share.
      let share = (deadline - .now()).nanoseconds / Int64(prepared.places.count - index)
      guard share > 0 else { break }
      do {
        let response = try await exchange(
          with: place, share: .nanoseconds(share), deadline, head, body, prepared.tls, url.host)
        return CollectorAnswer(response)
      } catch let error as Failure {
        answer = .failed("cannot connect to \(place.ipAddress ?? url.host): \(error.reason)")
      } catch {
        return .failed(Self.words(error, limit))
      }
    }
    return answer
  }

  private func prepare(
    _ url: CollectorURL, _ size: Int, _ settings: OTLPSettings
  ) -> Result<Preparation, Failure> {
    do throws(SettingsError) {
      let headers = try Self.headers(of: url, size, settings)
      let tls = url.isSecure ? try tls(settings.authoritiesFile) : nil
      return Self.places(of: url).map { Preparation(headers: headers, tls: tls, places: $0) }
    } catch {
      return .failure(Failure(reason: error.description))
    }
  }

  private static func places(of url: CollectorURL) -> Result<[SocketAddress], Failure> {
    let port = Int(url.port)
    if let place = try? SocketAddress(ipAddress: url.host, port: port) { return .success([place]) }
    do throws(HostAddresses.Failure) {
      let places = try HostAddresses.lookUp(url.host)
        .compactMap { try? SocketAddress(ipAddress: $0, port: port) }
      return places.isEmpty
        ? .failure(Failure(reason: "\(url.host): it has no address")) : .success(places)
    } catch {
      return .failure(Failure(reason: "\(url.host): \(error.reason)"))
    }
  }

  private func exchange(
    with place: SocketAddress, share: TimeAmount, _ deadline: NIODeadline, _ head: HTTPRequestHead,
    _ body: [UInt8], _ tls: CollectorTLS?, _ host: String
  ) async throws -> HTTPExchange.Answer {
    try await ClientBootstrap(group: group)
      .connectTimeout(share)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try tls?.add(to: pipeline, host: host)
          var bounds = NIOHTTPDecoderLimitConfiguration()
          bounds.maxHeaderListSize = HTTPExchange.bodyLimit
          try pipeline.addHTTPClientHandlers(decoderLimitConfiguration: bounds)
        }
      }
      .connect(to: place)
      .flatMapErrorThrowing { throw Failure(reason: Self.reason($0, share)) }
      .flatMap { channel in
        let promise = channel.eventLoop.makePromise(of: HTTPExchange.Answer.self)
        do {
          try channel.pipeline.syncOperations.addHandler(
            HTTPExchange(head, body, deadline: deadline, promise: promise))
        } catch {
          promise.fail(error)
          channel.close(promise: nil)
        }
        return promise.futureResult
      }
      .get()
  }

  private static func headers(
    of url: CollectorURL, _ size: Int, _ settings: OTLPSettings
  ) throws(SettingsError) -> HTTPHeaders {
    var headers: HTTPHeaders = [
      "Host": url.authority, "Content-Type": "application/x-protobuf",
      "Content-Length": "\(size)", "User-Agent": "closewatch/\(BuildInfo.version)",
      "Connection": "close",
    ]
    for header in try CollectorFiles.headers(settings.headersFile) {
      headers.add(name: header.name, value: header.value)
    }
    return headers
  }

  /// Read again when the file has changed, and not for each push: the system's are 140.
  private func tls(_ authorities: String) throws(SettingsError) -> CollectorTLS {
    let version = authorities.isEmpty ? nil : try? FileVersion(path: authorities)
    if let known = trust.withLock({ $0 }), known.authorities == authorities,
      known.version == version
    {
      return known.tls
    }
    let read = Trust(
      authorities: authorities, version: version,
      tls: try CollectorTLS(authorities: authorities))
    trust.withLock { $0 = read }
    return read.tls
  }

  private static func reason(_ error: any Error, _ share: TimeAmount) -> String {
    switch error {
    case let error as IOError: SystemCallError("connect", on: "", errno: error.errnoCode).reason
    case ChannelError.connectTimeout:
      "no answer in \(Quantity.duration(Double(share.nanoseconds) / 1e9))"
    default: "\(error)"
    }
  }

  private static func words(_ error: any Error, _ limit: String) -> String {
    switch error {
    case HTTPExchange.Failure.late:
      return "no answer in \(limit)"
    case HTTPExchange.Failure.closed: return "it closed the connection without an answer"
    case is HTTPParserError: return "its answer is not HTTP/1.1 (\(error))"
    case let error as IOError:
      return SystemCallError("read", on: "", errno: error.errnoCode).reason
    default: break
    }
    #if TLS
      if error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError {
        return "TLS failed: \(error)"
      }
    #endif
    return "\(error)"
  }
}

extension CollectorAnswer {
  init(_ answer: HTTPExchange.Answer) {
    let type = answer.headers.first(name: "content-type")?.prefix { $0 != ";" } ?? ""
    self.init(
      status: answer.status.code, reason: answer.status.reasonPhrase, body: answer.body,
      isProtobuf: type == "application/x-protobuf",
      retryAfter: answer.headers.first(name: "retry-after"), at: Clock.wallSeconds)
  }
}
