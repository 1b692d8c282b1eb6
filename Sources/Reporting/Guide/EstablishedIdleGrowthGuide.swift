// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// `established-idle-growth`: connections that nobody closes and nobody uses grow.
enum EstablishedIdleGrowthGuide {
  /// The guide, with its placeholders. The runtime decides how stacks are seen and the lasting fix.
  static func text(_ runtime: ProcessRuntime) -> GuideText {
    GuideText(
      title: "Idle connections grow and nobody closes them",
      meaning: """
        Connections stay open with no data on them, and their number grows. Probably a pool has \
        no bound, or the peers have vanished without a FIN. TCP itself has no time limit on an \
        idle connection.
        """,
      now: [
        "List them; lastsnd and lastrcv are ms of silence, timer:(keepalive ...) a living check:\n"
          + "{netns}ss -tnpoi state established '( sport = :{port} )'",
        "List those that it opened itself:\n"
          + "{netns}ss -tnpoi state established '( dport = :{remote-port} )'",
        "The other end is on this host. Ask it which of them it still uses:\n"
          + "ps -o pid,ppid,lstart,args -p {peer}",
        GuideStep.descriptorRoom, GuideStep.buyTime,
      ] + StackDump.steps(runtime) + GuideStep.restart,
      fix: ConnectionFix.idling(runtime) + [
        "SO_KEEPALIVE with TCP_KEEPIDLE on each socket finds vanished peers. Close on its error."
      ],
      doesNotHelp: [
        FutileAdvice.keepaliveSysctl,
        Futile(
          "TCP keepalive against a pool without a bound",
          why: "A peer that lives answers the probes. Only the program knows what it still needs."),
        Futile(
          "Lowering net.ipv4.tcp_fin_timeout",
          why: "It acts after both sides' FIN has been sent or received. Here is no FIN at all."),
        FutileAdvice.moreDescriptors,
      ])
  }
}
