// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The open connections of all listeners, and what is counted of them.
final class WebConnections: Sendable {
  /// Which limit a client has run into.
  enum Timeout: String, CaseIterable, Sendable {
    case request, idle, response
  }

  private struct State {
    var open: [ObjectIdentifier: Entry] = [:]
    var waiting: [ObjectIdentifier: any Channel] = [:]
    var timeouts: [Timeout: Int] = [:]
    var isStopping = false
  }

  private struct Entry {
    var channel: any Channel
    /// Its address; those of one unix socket are one client.
    var client: String
    var openedAt = NIODeadline.now()
    /// Since when it has had no request in progress; nil while it has one.
    var idleSince: NIODeadline?
    /// Whether an answer is due, and whether one was given before.
    var isAnswering = false
    var wasAnswered = false
  }

  private let state = Mutex(State())
  let limit: Int

  init(limit: Int) { self.limit = limit }

  var count: Int { state.withLock { $0.open.count } }

  /// How often each limit was hit, also those that never were.
  var timeouts: [String: Int] {
    state.withLock { state in
      Dictionary(
        uniqueKeysWithValues: Timeout.allCases.map { ($0.rawValue, state.timeouts[$0] ?? 0) })
    }
  }

  func note(_ timeout: Timeout) { state.withLock { $0.timeouts[timeout, default: 0] += 1 } }

  /// Whether `listener` may accept now. If not, it is read again as soon as it may.
  func mayAccept(_ listener: any Channel) -> Bool {
    let (answer, victim) = state.withLock { state -> (Bool, (any Channel)?) in
      if state.isStopping { return (false, nil) }
      guard state.open.count >= limit else { return (true, nil) }
      state.waiting[ObjectIdentifier(listener)] = listener
      return (false, Self.victim(of: Array(state.open.values))?.channel)
    }
    victim?.close(promise: nil)
    return answer
  }

  /// Who has to go so that another one can come: of the client that has most, what has taken
  /// longest without a whole request, then what is idle for longest. Connections that only sit
  /// there, or send a byte now and then, must not keep a scraper out; one that has just come has
  /// had no time yet.
  private static func victim(of open: [Entry]) -> Entry? {
    let counts = Dictionary(open.map { ($0.client, 1) }, uniquingKeysWith: +)
    return open.filter { !$0.isAnswering }.min { a, b in
      func key(_ entry: Entry) -> (Int, Int, NIODeadline) {
        (
          -(counts[entry.client] ?? 0), entry.wasAnswered ? 1 : 0,
          entry.wasAnswered ? entry.idleSince ?? .now() : entry.openedAt
        )
      }
      return key(a) < key(b)
    }
  }

  func opened(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    let client = channel.remoteAddress?.ipAddress ?? ""
    state.withLock {
      $0.open[id] = Entry(channel: channel, client: client, idleSince: .now())
    }
    channel.closeFuture.whenComplete { _ in self.closed(id) }
  }

  /// Notes whether a request is in progress on a connection.
  func mark(_ channel: any Channel, isIdle: Bool) {
    let id = ObjectIdentifier(channel)
    state.withLock { state in
      let since = state.open[id]?.idleSince ?? .now()
      state.open[id]?.idleSince = isIdle ? since : nil
    }
  }

  /// Notes whether an answer is due on a connection.
  func mark(_ channel: any Channel, isAnswering: Bool) {
    let id = ObjectIdentifier(channel)
    state.withLock { state in
      state.open[id]?.isAnswering = isAnswering
      if !isAnswering { state.open[id]?.wasAnswered = true }
    }
  }

  private func closed(_ id: ObjectIdentifier) {
    let waiting = state.withLock { state -> [any Channel] in
      state.open[id] = nil
      guard !state.isStopping else { return [] }
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for listener in waiting { listener.read() }
  }

  /// From now on nothing is accepted. Closes what has no request in progress.
  func stop() {
    let idle = state.withLock { state -> [any Channel] in
      state.isStopping = true
      state.waiting = [:]
      return state.open.values.filter { $0.idleSince != nil }.map(\.channel)
    }
    for channel in idle { channel.close(promise: nil) }
  }

  var isStopping: Bool { state.withLock { $0.isStopping } }

  func closeAll() {
    let channels = state.withLock { $0.open.values.map(\.channel) }
    for channel in channels { channel.close(promise: nil) }
  }
}

/// On a listener: accepts no more connections at a time than the limit. The others wait in the
/// kernel, where they cost nothing.
final class AcceptGate: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = any Channel

  private let connections: WebConnections

  init(_ connections: WebConnections) { self.connections = connections }

  func read(context: ChannelHandlerContext) {
    if connections.mayAccept(context.channel) { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connections.opened(unwrapInboundIn(data))
    context.fireChannelRead(data)
  }

  /// accept() failed for one connection (out of descriptors, gone again): the listener goes on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
