// SPDX-License-Identifier: Apache-2.0

/// How long a socket has been in its state, from what one row tells.
///
/// The rules were measured on Linux 6.18 and hold for the fields since Linux 4.2. The kernel counts
/// in jiffies, which stand still while the host is suspended.
extension SocketRow {
  /// Milliseconds after which the kernel's 32-bit times start again: 49.7 days.
  package static let timesWrapAfterSeconds = 4_294_967.0

  /// The age of the state.
  ///
  /// A bound of `atLeast` is proved; `exact` means within a tick of the kernel (4 to 10 ms), or
  /// within the peer's delayed acknowledgement (40 ms) for FIN_WAIT2. The time that an ESTABLISHED
  /// connection has been idle is not an age of its state.
  ///
  /// - Parameter takenAt: When the row was read. With it, nothing that could have wrapped is called
  ///   exact: on a host that has been up for more than 49.7 days an age from `tcp_info` is a bound.
  package func age(takenAt: BootInstant? = nil) -> Age {
    switch state {
    case .timeWait:
      return ageOfTimeWait
    case .finWait2 where timer == .timeWait:
      // An orphan that is only a timer. What is left is known, not of how much: TCP_LINGER2, which
      // no source shows, replaces tcp_fin_timeout, and it runs from close(), which can have come
      // long after the FIN.
      return .unknown
    case .closeWait:
      return ageOfCloseWait(takenAt)
    case .finWait2:
      return ageOfFinWait2(takenAt)
    case .synSent, .synRecv, .newSynRecv:
      return sinceFirstTransmission
    case .finWait1, .lastAck, .closing:
      // One byte in the send queue is the FIN itself: then its repetitions are all of this state.
      // With more, they may have begun long before it, with data.
      return sendQueue == 1 ? sinceFirstTransmission : .unknown
    default:
      return .unknown
    }
  }

  /// What has run off its timer. One of more than the whole life means that the life is another (a
  /// patched kernel).
  private var ageOfTimeWait: Age {
    let left = Double(timerMilliseconds) / 1000
    guard timer == .timeWait, left <= Self.timeWaitSeconds else { return .unknown }
    return Age(seconds: Self.timeWaitSeconds - left, bound: .exact)
  }

  /// `TCP_TIMEWAIT_LEN` in include/net/tcp.h.
  private static var timeWaitSeconds: Double { 60 }

  /// The FIN carried an acknowledgement, so the last one received is no older than it is: always a
  /// lower bound. Exact, when nothing of ours can have been acknowledged since.
  private func ageOfCloseWait(_ takenAt: BootInstant?) -> Age {
    guard knowledge.contains(.tcpInfo) else { return .unknown }
    let ack = lastAckReceivedMilliseconds
    let isQuiet = sendQueue == 0 && timer == .none
    // A FIN that came with data, or right behind it: the upper bound is the lower one.
    let isBracketed =
      lastDataReceivedMilliseconds >= ack
      && lastDataReceivedMilliseconds - ack <= Self.tickMilliseconds
    // 1 can be the SYN of the side that connected, or a byte of data: only 0 is sure.
    let hasSentNothing = bytesAcked == 0
    let wasSettled =
      lastDataSentMilliseconds >= ack
      && lastDataSentMilliseconds - ack >= Self.settlingMilliseconds
    let isExact = isBracketed || (isQuiet && (hasSentNothing || wasSettled))
    return age(milliseconds: ack, isExact: isExact, takenAt)
  }

  /// The acknowledgement of our FIN began this state, and only data of the peer or our keepalive
  /// can bring another. (A peer that has our FIN sends no window updates.)
  private func ageOfFinWait2(_ takenAt: BootInstant?) -> Age {
    guard knowledge.contains(.tcpInfo) else { return .unknown }
    let ack = lastAckReceivedMilliseconds
    let hasNoDataSince =
      lastDataReceivedMilliseconds > ack
      && lastDataReceivedMilliseconds - ack > Self.tickMilliseconds
    return age(milliseconds: ack, isExact: hasNoDataSince && timer == .none, takenAt)
  }

  /// After n repetitions with a timer that at most doubles each time, all earlier intervals
  /// together were at least `left * (1 - 2^-n)`, whatever the first one was.
  private var sinceFirstTransmission: Age {
    guard timer == .retransmit, retransmits > 0 else { return .unknown }
    let left = Double(timerMilliseconds) / 1000
    let repetitions = min(Int(retransmits), 30)
    let factor = 1 - 1 / Double(1 << repetitions)
    return left > 0 ? Age(seconds: left * factor, bound: .atLeast) : .unknown
  }

  private func age(milliseconds: UInt32, isExact: Bool, _ takenAt: BootInstant?) -> Age {
    let hasWrapped = (takenAt?.seconds ?? 0) > Self.timesWrapAfterSeconds
    return Age(
      seconds: Double(milliseconds) / 1000, bound: isExact && !hasWrapped ? .exact : .atLeast)
  }

  /// Two times that differ by no more were the same moment: a tick at HZ=100.
  private static var tickMilliseconds: UInt32 { 10 }

  /// Within this, an acknowledgement may answer what we sent last: a round trip and the longest
  /// delay that peers give to acknowledgements (RFC 1122 allows 500 ms).
  private static var settlingMilliseconds: UInt32 { 1000 }
}

extension Age {
  /// Nothing is known.
  package static let unknown = Age(seconds: 0, bound: .unknown)
}
