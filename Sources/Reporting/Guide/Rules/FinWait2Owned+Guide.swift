// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `fin-wait-2-owned`: our side half-closed and waits for a peer that never closes.
extension FinWait2Owned: RuleGuide {
  package static let summary = "half-closed here, and the peer never closes"
  package static let messageIDs = MessageIDs(
    firing: "cf75d0c3b17748eca40af8a9c8244398", worsened: "d1787b561fe64022b09e3fd05913e368",
    resolved: "5b7e6faf43574c198181355b90bc9820")
  package static let sysctls = ["net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "Half-closed, and the peer never closes",
      meaning: """
        The program has ended its sending side and keeps the descriptor, waiting for the peer's \
        FIN. The peer has acknowledged and does not close. As long as a descriptor is open, \
        FIN_WAIT2 has no timer.
        """,
      look: GuideStep.list("fin-wait-2") + [
        "The peer is on this host. It has to close; see who it is:\n"
          + "ps -o pid,ppid,lstart,args -p {peer}",
        GuideStep.descriptorRoom,
      ] + GuideStep.abort("fin-wait-2", subject.runtime),
      rescue: subject.rescue(.halfClosed),
      fix: subject.fix(
        .halfClosed,
        author: ConnectionFix.halfClosing(subject.runtime) + [
          "If you need no answer after your last word, call close(): the kernel then has a limit."
        ]),
      doesNotHelp: [
        FutileAdvice.finTimeoutOwned, FutileAdvice.keepaliveHalfClosed,
        FutileAdvice.moreDescriptors,
      ])
  }
}
