// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// First in each connection: closes it when the client is too slow with a request, keeps an idle
/// connection for too long, or does not take its answer.
///
/// One timer for each connection: it is set again when it fires too early, so that a request costs
/// no timer.
final class ConnectionClock: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let limits: WebLimits
  private let connections: WebConnections
  private var phase = WebConnections.Timeout.request
  private var deadline = NIODeadline.distantFuture
  private var timer: Scheduled<Void>?
  private var answersDue = 0
  /// Whether bytes of the next request came while an answer was due.
  private var hasMore = false
  private weak var channel: (any Channel)?

  init(limits: WebLimits, connections: WebConnections) {
    self.limits = limits
    self.connections = connections
  }

  func channelActive(context: ChannelHandlerContext) {
    channel = context.channel
    deadline = Self.after(limits.requestSeconds)
    arm(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    // A timer that is left would keep the closed channel in memory until it fires.
    timer?.cancel()
    timer = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if answersDue > 0 {
      hasMore = true
    } else if phase == .idle {
      enter(.request, limits.requestSeconds, context)
    }
    connections.mark(context.channel, isIdle: false)
    context.fireChannelRead(data)
  }

  /// A request is complete: its answer is due.
  func requestComplete(context: ChannelHandlerContext) {
    answersDue += 1
    hasMore = false
    connections.mark(context.channel, isAnswering: true)
    enter(.response, limits.responseSeconds, context)
  }

  /// The kernel has taken an answer.
  func answered(context: ChannelHandlerContext) {
    answersDue -= 1
    guard answersDue == 0 else { return }
    connections.mark(context.channel, isAnswering: false)
    if hasMore {
      enter(.request, limits.requestSeconds, context)
    } else {
      enter(.idle, limits.idleSeconds, context)
      connections.mark(context.channel, isIdle: true)
    }
  }

  private func enter(
    _ next: WebConnections.Timeout, _ seconds: Double, _ context: ChannelHandlerContext
  ) {
    phase = next
    let earlier = deadline
    deadline = Self.after(seconds)
    // A deadline that moves away is seen when the timer fires; one that comes nearer needs its own.
    if deadline < earlier {
      timer?.cancel()
      arm(context)
    }
  }

  private static func after(_ seconds: Double) -> NIODeadline {
    .now() + .nanoseconds(Int64(seconds * 1e9))
  }

  private func arm(_ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      self?.fire()
    }
  }

  private func fire() {
    guard let channel, channel.isActive else { return }
    guard NIODeadline.now() < deadline else {
      connections.note(phase)
      channel.close(promise: nil)
      return
    }
    timer = channel.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      self?.fire()
    }
  }
}
