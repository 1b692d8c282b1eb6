// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `ephemeral-port-exhaustion`: open connections to one destination take all ephemeral ports.
extension EphemeralPortExhaustion: RuleGuide {
  package static let summary = "open connections take all ports to one destination"
  package static let messageIDs = MessageIDs(
    firing: "b2c4fab676cf4c68a80acb76b4c9acdd", worsened: "56f70c15aea44c22909579e9a82913f9",
    resolved: "a4542024e35f472892a2792682bbc536")
  package static let sysctls = ["net.ipv4.ip_local_port_range"]

  package static func text(_ finding: GuideSubject) -> GuideText {
    // What this process opened takes ports, whoever asks.
    var subject = finding
    (subject.direction, subject.needsPorts) = (.outbound, true)
    return GuideText(
      title: "Open connections take all local ports to one destination",
      meaning: """
        Each connection to this one address and port has a local port of its own for as long as it \
        is open. The ephemeral ports are nearly used up by connections that stay open. When none \
        is left, connect() fails with EADDRNOTAVAIL: "Cannot assign requested address".
        """,
      look: [
        GuideStep.countPorts,
        "See which are idle: lastsnd and lastrcv are ms of silence.\n"
          + "{netns}ss -Htnpi state established dst {remote} | head -20",
      ],
      rescue: subject.rescue(.backends),
      fix: subject.fix(.backends, author: ClientFix.idling(subject.runtime)) + [
        "Fewer workers or instances on this address, or smaller pools in each.",
        "A second address or port of the destination doubles the ports: the limit is per target.",
      ],
      doesNotHelp: [
        FutileAdvice.moreDescriptorsForPorts,
        Futile(
          "net.ipv4.tcp_tw_reuse = 1",
          why: "It takes ports back from TIME_WAIT. These are of connections that are open."),
      ])
  }
}
