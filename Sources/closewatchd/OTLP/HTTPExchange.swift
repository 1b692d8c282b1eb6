// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Last in a connection to a collector: writes one request and takes the answer to it, within a
/// deadline.
final class HTTPExchange: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  /// What came back.
  struct Answer: Sendable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    /// Its beginning, up to ``bodyLimit``.
    var body: [UInt8] = []
  }

  /// What ended an exchange without an answer, besides errors of the connection.
  enum Failure: Error {
    case late
    case closed
  }

  /// 16 kB: more than the words of an error have.
  static let bodyLimit = 16_384

  private let head: HTTPRequestHead
  private let body: [UInt8]
  private let deadline: NIODeadline
  private var promise: EventLoopPromise<Answer>?
  private var answer: Answer?
  private var timer: Scheduled<Void>?

  /// - Parameter promise: Is kept once the handler is in a pipeline.
  init(
    _ head: HTTPRequestHead, _ body: [UInt8], deadline: NIODeadline,
    promise: EventLoopPromise<Answer>
  ) {
    self.head = head
    self.body = body
    self.deadline = deadline
    self.promise = promise
  }

  /// The connection is there already.
  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      self?.end(.failure(Failure.late), channel)
    }
    guard channel.isActive else { return end(.failure(Failure.closed), channel) }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let buffer = context.channel.allocator.buffer(bytes: body)
    context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): answer = Answer(status: head.status, headers: head.headers)
    case .body(let part):
      let room = Self.bodyLimit - (answer?.body.count ?? 0)
      answer?.body += part.readableBytesView.prefix(room)
      if part.readableBytes > room { finish(context.channel) }
    case .end: finish(context.channel)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(.failure(error), context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.failure(Failure.closed), context.channel)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end(.failure(Failure.closed), context.channel)
  }

  private func finish(_ channel: any Channel) {
    if let answer { end(.success(answer), channel) }
  }

  /// Once: what comes later is of a connection that is being closed.
  private func end(_ result: Result<Answer, any Error>, _ channel: any Channel) {
    guard let promise else { return }
    self.promise = nil
    timer?.cancel()
    timer = nil
    promise.completeWith(result)
    channel.close(promise: nil)
  }
}
