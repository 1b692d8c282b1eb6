// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Answers bytes that are no request, and ends the connection.
///
/// Stands before the compressor: that one counts the requests it has seen, and this answer belongs
/// to none of them.
final class RequestErrorHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private var isAnswering = false

  func write(
    context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
  ) {
    switch unwrapOutboundIn(data) {
    case .head: isAnswering = true
    case .body: break
    case .end: isAnswering = false
    }
    context.write(data, promise: promise)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if !isAnswering, context.channel.isActive, let status = status(of: error) {
      let text = ByteBuffer(string: "\(status.code) \(status.reasonPhrase)\n")
      let headers = HTTPHeaders([
        ("Connection", "close"), ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", String(text.readableBytes)),
      ])
      let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(text))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    context.close(promise: nil)
  }

  private func status(of error: any Error) -> HTTPResponseStatus? {
    switch error as? HTTPParserError {
    case nil: nil
    // The client has gone in the middle of a request: nobody reads an answer.
    case .invalidEOFState: nil
    case .headerOverflow: .requestHeaderFieldsTooLarge
    case .invalidVersion: .httpVersionNotSupported
    default: .badRequest
    }
  }
}
