// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `established-idle-growth`: connections that nobody closes and nobody uses grow.
extension EstablishedIdleGrowth: RuleGuide {
  package static let summary = "unused connections that nobody closes grow"
  package static let messageIDs = MessageIDs(
    firing: "b41708f6b48a4d0abfe185c9885a35e9", worsened: "2209b518cfbe4580b9a6a46efbcb4924",
    resolved: "6e2683f8a1ed4aeeb4ee5032c7095bbd")
  package static let sysctls = ["net.ipv4.tcp_keepalive_time"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    let trouble = subject.trouble(inbound: .idleClients)
    return GuideText(
      title: "Idle connections grow and nobody closes them",
      meaning: """
        Connections stay open with no data on them, and their number grows. \(reason(subject)) TCP \
        itself has no timeout on an idle connection.
        """,
      look: [
        "List them; lastsnd and lastrcv are ms of silence, timer:(keepalive ...) means keepalive "
          + "is on:\n"
          + "{netns}ss -tnpoi state established '( sport = :{port} )'",
        "List those that it opened itself:\n"
          + "{netns}ss -tnpoi state established '( dport = :{remote-port} )'",
        "The other end is on this host. Ask it which of them it still uses:\n"
          + "ps -o pid,ppid,lstart,args -p {peer}",
        GuideStep.descriptorRoom,
      ] + subject.look(trouble),
      rescue: subject.rescue(trouble),
      fix: subject.fix(
        trouble, server: ServerFix.idling(subject.runtime) + [keepalive],
        client: ClientFix.idling(subject.runtime)),
      doesNotHelp: [
        FutileAdvice.keepaliveSysctl,
        Futile(
          "TCP keepalive against a pool without a bound",
          why: "A live peer answers the probes. Only the program knows what it still needs."),
        Futile(
          "Lowering net.ipv4.tcp_fin_timeout",
          why: "It acts after both sides' FIN has been sent or received. Here there is no FIN at "
            + "all."),
        FutileAdvice.moreDescriptors,
      ])
  }

  private static func reason(_ subject: GuideSubject) -> String {
    switch subject.direction {
    case .inbound: "Its clients keep them, or have vanished without a FIN."
    case .outbound: "Probably it opens new ones instead of using them, or its pool has no bound."
    case nil: "Probably a pool has no bound, or the peers have vanished without a FIN."
    }
  }

  private static let keepalive =
    "SO_KEEPALIVE with TCP_KEEPIDLE on each socket finds vanished peers. Close on its error."
}
