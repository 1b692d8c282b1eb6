// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Last in each connection: takes whole requests and writes their answers.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// A marker between this handler and the compressor; no client sees it.
  static let identity = "closewatch-identity"

  private let pages: any Pages
  private let gate: WebGate
  private let clock: ConnectionClock
  private let limits: WebLimits
  private var head: HTTPRequestHead?
  private var bodyBytes = 0
  private var requests = 0
  private var isEnding = false
  /// An answer that waits until the client has taken earlier ones.
  private var held: (HTTPRequestHead, WebAnswer)?

  init(pages: any Pages, gate: WebGate, clock: ConnectionClock, limits: WebLimits) {
    self.pages = pages
    self.gate = gate
    self.clock = clock
    self.limits = limits
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isEnding else { return }
    switch unwrapInboundIn(data) {
    case .head(let next):
      head = next
      bodyBytes = 0
      requests += 1
    case .body(let part):
      bodyBytes += part.readableBytes
      guard bodyBytes > limits.bodyBytes, let head else { return }
      clock.requestComplete(context: context)
      var answer = WebAnswer(.payloadTooLarge, "413 no page accepts a body")
      answer.closes = true
      self.head = nil
      write(answer, to: head, context)
    case .end:
      guard let head else { return }
      self.head = nil
      clock.requestComplete(context: context)
      admit(head, context)
    }
  }

  /// Asks the gate, which may need time for a password.
  private func admit(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    switch gate.admission(of: head.headers) {
    case .granted:
      ask(head, context)
    case .refused(let answer):
      give(answer, to: head, context)
    case .asked(let verdict):
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      verdict.hop(to: context.eventLoop).whenComplete { result in
        let (handler, context) = bound.value
        guard context.channel.isActive else { return }
        switch result {
        case .success(nil): handler.ask(head, context)
        case .success(let refusal?): handler.give(refusal, to: head, context)
        case .failure: context.close(promise: nil)
        }
      }
    }
  }

  private func ask(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    switch pages.reply(to: head, on: context.eventLoop) {
    case .ready(let answer):
      give(answer, to: head, context)
    case .coming(let answer):
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      answer.hop(to: context.eventLoop).whenComplete { result in
        let (handler, context) = bound.value
        guard context.channel.isActive else { return }
        switch result {
        case .success(let answer): handler.give(answer, to: head, context)
        case .failure: context.close(promise: nil)
        }
      }
    }
  }

  private func give(
    _ answer: WebAnswer, to head: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    // A client that asks on and on without reading gets one page into memory, not thousands.
    guard context.channel.isWritable else {
      held = (head, answer)
      return
    }
    write(answer, to: head, context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, let (head, answer) = held {
      held = nil
      write(answer, to: head, context)
    }
    context.fireChannelWritabilityChanged()
  }

  private func write(
    _ answer: WebAnswer, to head: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    let isLast =
      answer.closes || !head.isKeepAlive || head.version != .http1_1 || requests >= limits.requests
      || gate.isStopping
    if isLast { isEnding = true }
    let done = context.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    done.futureResult.whenComplete { _ in
      let (handler, context) = bound.value
      handler.clock.answered(context: context)
      if isLast { context.close(promise: nil) }
    }
    let response = HTTPResponseHead(
      version: .http1_1, status: answer.status,
      headers: headers(of: answer, to: head, isLast: isLast))
    context.write(wrapOutboundOut(.head(response)), promise: nil)
    if head.method != .HEAD {
      let body = context.channel.allocator.buffer(bytes: answer.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
  }

  private func headers(
    of answer: WebAnswer, to head: HTTPRequestHead, isLast: Bool
  ) -> HTTPHeaders {
    var headers = HTTPHeaders([
      ("Date", HTTPDate.now), ("Content-Type", answer.contentType),
      ("Content-Length", String(answer.body.count)), ("Cache-Control", "no-store"),
      ("X-Content-Type-Options", "nosniff"),
      ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ])
    for (name, value) in gate.headers { headers.replaceOrAdd(name: name, value: value) }
    for (name, value) in answer.headers { headers.replaceOrAdd(name: name, value: value) }
    if isLast { headers.add(name: "Connection", value: "close") }
    // A HEAD has no body that could be compressed; HTTP/1.0 knows no chunks; a line is short.
    if head.method == .HEAD || head.version != .http1_1 || answer.body.count < 1024 {
      headers.add(name: Self.identity, value: "1")
    }
    return headers
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
