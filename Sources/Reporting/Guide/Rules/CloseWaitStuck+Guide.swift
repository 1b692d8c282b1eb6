// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `close-wait-stuck`: a block of old CLOSE_WAIT that does not drain, without growth.
///
/// The causes and their cure are those of `close-wait-leak`. What differs is the hurry.
extension CloseWaitStuck: RuleGuide {
  package static let summary = "a block of CLOSE_WAIT is old and does not drain"
  package static let messageIDs = MessageIDs(
    firing: "5d1645fe50a64a37b3e21776c308c65b", worsened: "94c40622450a4ec6a5c864c0df5574c6",
    resolved: "affe2b7f1c6d497cbfdd37c66f08f298",
    others: [
      .eofUnread: "3312845acad741389a3ff5427132a71b",
      .dataUnread: "841c8007658b44729db01fdbe8416644",
      .peerWaitsForAnswer: "d1f8b6fa48394c118c27e2bff7827dd8",
      .inheritedByChild: "bc9db6ae98de4bba99d5d06a9090b34d",
      .stuckWriter: "a1370888ca18426bbbe194e80ba47f5d",
    ])
  package static let sysctls = CloseWaitLeak.sysctls

  package static func text(_ subject: GuideSubject) -> GuideText {
    var text = CloseWaitLeak.text(subject)
    // Of a leak that is not to be told as one (`disable`).
    guard !subject.isGrowing else { return text }
    text.title = title(subject)
    text.meaning = meaning(subject)
    // It sees only what happens while it watches, and these have happened.
    text.look.removeAll { $0 == GuideStep.trace }
    if !subject.isUrgent {
      text.look.insert(whenItRose, at: 0)
      text.rescue.removeAll { $0 == GuideStep.buyTime }
    }
    return text
  }

  private static let whenItRose =
    "Find what happened when their number rose, in the program's log."

  private static func title(_ subject: GuideSubject) -> String {
    switch subject.cause {
    case .eofUnread: "A block of closed connections that nobody looks at"
    case .dataUnread: "A block of closed connections with unread input"
    case .peerWaitsForAnswer: "A block of half-closed connections that wait"
    case .inheritedByChild: "A block of connections that a child keeps open"
    case .stuckWriter: "A block of writers whose peers do not read"
    case _ where subject.isMPTCP: "A block of connections never closed after their peers"
    default: "A block of connections read to the end, never closed"
    }
  }

  private static func taken(_ subject: GuideSubject) -> String {
    subject.isMPTCP ? "" : ", the program has taken the end of the stream (Recv-Q 0)"
  }

  private static func meaning(_ subject: GuideSubject) -> String {
    // Then it is not known that an event left them.
    if subject.isFull, [.eofUnread, .eofReadNotClosed].contains(subject.cause) {
      return """
        The peers have closed, and the same sockets stay. Their number does not grow. The process \
        has no descriptor left for another: that alone can be why. Each keeps one.
        """
    }
    return switch subject.cause {
    case .peerWaitsForAnswer:
      """
      The peers, on this host, have shut down their sending and still wait for an answer \
      (FIN_WAIT2). The same sockets stay, and their number does not grow: slow work, or an answer \
      that never comes. Closing them would lose it.
      """
    case .eofUnread where subject.waitsForBackend:
      """
      The peers have closed, the FIN (1 in Recv-Q, more with TLS) is unread, and the same sockets \
      stay. \(CloseWaitLeak.missing(subject)) Each keeps its descriptor.
      """
    case .eofUnread:
      """
      The peers have closed, the FIN (1 in Recv-Q, more with TLS) is unread, and the same sockets \
      stay. Their number does not grow: probably one event left them, and no code waits for them \
      any more. Each keeps its descriptor.
      """
    case .dataUnread:
      """
      The peers have sent data and closed, and the same sockets stay with unread input. Their \
      number does not grow: probably some workers are stuck. Each keeps its descriptor.
      """
    case .inheritedByChild:
      """
      A process that did not open these sockets holds copies of their descriptors, and the peers \
      have closed. Their number does not grow. The connections end when the last copy is closed.
      """
    case .stuckWriter:
      """
      The peers have closed their sending side and do not read what the program sends. The same \
      sockets stay, their number does not grow. While the peer's kernel answers, no timer of TCP \
      ends this.
      """
    default:
      """
      The peers have closed\(taken(subject)), and the same sockets stay. \
      \(CloseWaitLeak.missing(subject)) Probably one event left them; the \
      next leaves more.
      """
    }
  }
}
