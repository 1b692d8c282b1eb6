// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// What a server answers requests with.
protocol Pages: Sendable {
  /// - Parameters:
  ///   - head: A request whose client may see the pages.
  ///   - loop: That of its connection.
  func reply(to head: HTTPRequestHead, on loop: any EventLoop) -> PageReply
}

/// An answer that is there, or one that somebody else is at work on.
enum PageReply {
  case ready(WebAnswer)
  case coming(EventLoopFuture<WebAnswer>)
}

extension WebAnswer {
  /// What is wrong with a request whatever it asks for.
  static func refusal(of head: HTTPRequestHead) -> WebAnswer? {
    guard head.version == .http1_1 || head.version == .http1_0 else {
      var answer = WebAnswer(.httpVersionNotSupported, "505 closewatch speaks HTTP/1.1")
      answer.closes = true
      return answer
    }
    // RFC 9112 3.2: exactly one, from HTTP/1.1 on.
    if head.version == .http1_1, head.headers["host"].count != 1 {
      var answer = WebAnswer(.badRequest, "400 a request needs one Host header")
      answer.closes = true
      return answer
    }
    guard head.method == .GET || head.method == .HEAD else {
      var answer = WebAnswer(.methodNotAllowed, "405 only GET and HEAD: nothing changes over HTTP")
      answer.headers.append(("Allow", "GET, HEAD"))
      return answer
    }
    return nil
  }
}
