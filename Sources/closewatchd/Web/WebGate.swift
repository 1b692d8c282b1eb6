// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Who may see the pages, by the web settings of now.
final class WebGate: Sendable {
  /// What becomes of a request.
  enum Admission {
    case granted
    case refused(WebAnswer)
    /// A password must be checked: nil grants, else the refusal.
    case asked(EventLoopFuture<WebAnswer?>)
  }

  /// Passwords that wait for their check. More than this at a time is somebody who tries them.
  private static let queueLimit = 16

  private let source: WebConfigSource
  private let connections: WebConnections
  private let pool: NIOThreadPool
  private let group: any EventLoopGroup
  private let queued = Mutex(0)

  init(
    source: WebConfigSource, connections: WebConnections, pool: NIOThreadPool,
    group: any EventLoopGroup
  ) {
    self.source = source
    self.connections = connections
    self.pool = pool
    self.group = group
  }

  /// Whether the server is ending.
  var isStopping: Bool { connections.isStopping }

  /// What `http_server_config` adds to every answer.
  var headers: [(String, String)] { source.current.config.headers }

  func admission(of headers: HTTPHeaders) -> Admission {
    let current = source.current
    // Before passwords, which cost most.
    if let limiter = current.limiter, !limiter.admit() {
      var answer = WebAnswer(
        .tooManyRequests, "429 more requests than rate_limit of the web settings allows")
      answer.headers.append(("Retry-After", String(limiter.retryAfter)))
      return .refused(answer)
    }
    guard let auth = current.auth else { return .granted }
    let values = headers["authorization"]
    guard values.count == 1, let credentials = BasicAuth.Credentials(header: values[0]) else {
      return .refused(Self.unauthorized)
    }
    if auth.isKnown(credentials) { return .granted }
    let mayQueue = queued.withLock { count in
      guard count < Self.queueLimit else { return false }
      count += 1
      return true
    }
    guard mayQueue else {
      var answer = WebAnswer(.serviceUnavailable, "503 too many passwords to check at once")
      answer.headers.append(("Retry-After", "1"))
      return .refused(answer)
    }
    let verdict = pool.runIfActive(eventLoop: group.next()) { () -> WebAnswer? in
      defer { self.queued.withLock { $0 -= 1 } }
      return auth.verify(credentials) ? nil : Self.unauthorized
    }
    return .asked(verdict)
  }

  private static var unauthorized: WebAnswer {
    var answer = WebAnswer(.unauthorized, "401 a user name and a password are needed")
    answer.headers.append(("WWW-Authenticate", "Basic realm=\"closewatch\", charset=\"UTF-8\""))
    return answer
  }
}
