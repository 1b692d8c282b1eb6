// SPDX-License-Identifier: Apache-2.0

package import Diagnosis

/// `close-wait-leak`: a process accumulates CLOSE_WAIT that it does not close.
extension CloseWaitLeak: RuleGuide {
  package static let summary = "CLOSE_WAIT grows: a process does not close"
  package static let messageIDs = MessageIDs(
    firing: "8015bbe2d2de4b49ab2a070f2538b14f", worsened: "433c7b8da1cd4d6e8af9de8f2e6b0c43",
    resolved: "8ab50152ce9a4e57bce3400abbec8a79",
    others: [
      .eofUnread: "545357fa62384001bd482c855c4ce791",
      .dataUnread: "9f571100c1774cccbe7bbac116454882",
      .peerWaitsForAnswer: "9184310dc65546409090e706ece714ce",
      .inheritedByChild: "2c25228acf414e39827d3ab4714d9311",
      .stuckWriter: "d49cfac564da4d59afd4a06ec55583e8",
    ])
  package static let sysctls = ["net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"]

  package static func text(_ subject: GuideSubject) -> GuideText {
    var text = living(subject)
    guard subject.areAllDead else { return text }
    // What lists rows, or ends connections, finds none.
    let vain = GuideStep.list("close-wait") + GuideStep.abort("close-wait", subject.runtime)
    let place = text.look.firstIndex(where: vain.contains) ?? text.look.count
    text.look.insert(GuideStep.listDead, at: place)
    text.look.removeAll { vain.contains($0) && $0 != GuideStep.one }
    text.rescue.removeAll { $0 == GuideStep.release }
    return text
  }

  private static func living(_ subject: GuideSubject) -> GuideText {
    switch subject.cause {
    case .eofUnread: eofUnread(subject)
    case .dataUnread: dataUnread(subject)
    case .peerWaitsForAnswer: peerWaits(subject)
    case .inheritedByChild: inherited(subject)
    case .stuckWriter: stuckWriter(subject)
    default: eofRead(subject)
    }
  }

  private static let futile = [
    FutileAdvice.finTimeoutCloseWait, FutileAdvice.keepaliveCloseWait,
    FutileAdvice.destroyKeepsDescriptor, FutileAdvice.moreDescriptors, FutileAdvice.killPeer,
    FutileAdvice.lingerZero,
  ]

  private static let listed = GuideStep.list("close-wait") + [GuideStep.descriptorRoom]

  private static func eofRead(_ subject: GuideSubject) -> GuideText {
    let trouble = subject.trouble(inbound: .goneClients)
    return GuideText(
      title: subject.waitsForBackend
        ? "Kept for a backend after the peer closed" : "Never closed after the peer closed",
      meaning: """
        \(ended(subject)) \(missing(subject)) CLOSE_WAIT has no timer: each one keeps its \
        descriptor until the program closes it or ends.
        """,
      look: [GuideStep.trace] + looked(subject, trouble),
      rescue: subject.rescue(trouble) + [GuideStep.release],
      fix: subject.fix(
        trouble,
        server: subject.waitsForBackend
          ? ServerFix.endUnseen(subject.runtime) : ServerFix.afterEnd(subject.runtime),
        client: ClientFix.afterEnd(subject.runtime)),
      doesNotHelp: futile)
  }

  private static func ended(_ subject: GuideSubject) -> String {
    if subject.isMPTCP {
      return "The peers have closed; whether the program has read the end, MPTCP does not show."
    }
    return """
      The peers have closed, and the program has taken all input with the end of the stream \
      (Recv-Q 0).
      """
  }

  /// What has to happen to sockets whose end of stream was taken.
  static func missing(_ subject: GuideSubject) -> String {
    if subject.waitsForBackend {
      return "It probably keeps them until its backend answers or closes."
    }
    if subject.isMPTCP { return "It has not closed them." }
    // A server reads a request, and the same recv() takes a FIN that came with it.
    if subject.direction == .outbound { return "Only close() is missing." }
    return "Only close() is missing, or what serves them is stuck"
      + (subject.peersMayWait ? ", and peers elsewhere may wait for it." : ".")
  }

  private static func eofUnread(_ subject: GuideSubject) -> GuideText {
    let trouble = subject.trouble(inbound: .goneClients)
    let (title, reason) =
      switch subject.direction {
      case .inbound:
        (
          "Closed by the clients, and nobody has noticed",
          "what serves them waits for something else, for example a backend, a lock or a queue"
        )
      case .outbound:
        (
          "Closed by the server, and nobody looks any more",
          "probably a response, client or pool was dropped without close()"
        )
      case nil:
        (
          "Closed by the peer, and nobody looks any more",
          "a server waits for something else, or a client dropped them without close()"
        )
      }
    return GuideText(
      title: title,
      meaning: """
        The peers have closed, and the FIN (1 in Recv-Q, a few bytes more with TLS) is unread: \
        \(reason). CLOSE_WAIT has no timer: each one keeps its descriptor.
        """,
      look: [GuideStep.trace] + looked(subject, trouble),
      rescue: subject.rescue(trouble) + [GuideStep.release],
      fix: subject.fix(
        trouble, server: ServerFix.endUnseen(subject.runtime),
        client: ClientFix.dropped(subject.runtime)),
      doesNotHelp: futile)
  }

  private static func dataUnread(_ subject: GuideSubject) -> GuideText {
    let trouble = subject.trouble(inbound: .goneClients)
    let reason =
      switch subject.direction {
      case .inbound: "Its workers are probably stuck or all busy."
      case .outbound: "Probably it dropped responses with their body unread."
      case nil: "Its workers are stuck or all busy, or it dropped responses with their body unread."
      }
    return GuideText(
      title: "Data left unread, its workers may be stuck",
      meaning: """
        The peers have sent data and closed, and the program has not read it all (Recv-Q above \
        1). \(reason) Nothing ends these but the program.
        """,
      look: [GuideStep.trace] + subject.look(trouble) + listed,
      rescue: subject.rescue(trouble) + [GuideStep.release],
      fix: subject.fix(
        trouble, server: ServerFix.unreadInput(subject.runtime),
        client: ClientFix.unreadInput(subject.runtime)),
      doesNotHelp: [
        Futile(
          "More workers or a longer queue",
          why: "Workers that wait for the same lock or backend get stuck too, only later."),
        Futile(
          "Raising net.ipv4.tcp_rmem or SO_RCVBUF",
          why: "A larger buffer holds more input that nobody reads."),
      ] + futile)
  }

  private static func peerWaits(_ subject: GuideSubject) -> GuideText {
    // Their clients have not gone: what they wait for is work that is not done.
    let trouble = subject.trouble(inbound: .goneClients)
    return GuideText(
      title: "Half-closed by peers that wait for an answer",
      meaning: """
        The peers are on this host, have shut down their sending only, and keep their sockets \
        (FIN_WAIT2): each waits for an answer that closing now would lose. What grows is work that \
        is not finished.
        """,
      look: subject.look(trouble) + [
        "See who waits at the other end:\nps -o pid,ppid,lstart,args -p {peer}"
      ] + listed,
      rescue: subject.rescue(trouble),
      fix: [
        "Answer, then close: give the work behind each request a deadline.",
        "In a proxy or tunnel: pass the end of the stream on; close when both sides have ended.",
      ],
      doesNotHelp: futile)
  }

  private static func inherited(_ subject: GuideSubject) -> GuideText {
    let restart = [
      "End the holder, if the service can do without it. The opener may go on:\nkill {pid}"
    ]
    return GuideText(
      title: "Kept open by a process that inherited them",
      meaning: """
        The process that holds these sockets did not open them: it got copies of the descriptors \
        by fork or exec. The connection ends only with the last copy. close() in the opener \
        alone sends no FIN.
        """,
      look: [
        "See which program holds them, and who started it:\n"
          + "ps -o pid,ppid,lstart,args -p {pid}",
        "See which program opened them:\nps -o pid,ppid,lstart,args -p {opener}",
        "List what the holder has open:\n{netns}lsof -nP -a -p {pid} -iTCP",
      ],
      rescue: restart + GuideStep.restart,
      fix: WorkFix.inheriting(subject.runtime),
      doesNotHelp: [
        Futile(
          "close() or shutdown timers in the process that opened them",
          why: "The child's copy keeps the connection. Only shutdown(2) acts on all copies."),
        Futile(
          "Setting FD_CLOEXEC on running processes",
          why: "It acts at the next exec. The copies that exist already stay open."),
      ] + futile)
  }

  private static func stuckWriter(_ subject: GuideSubject) -> GuideText {
    let trouble = subject.trouble(inbound: .slowClients)
    return GuideText(
      title: "Still writing to peers that do not read",
      meaning: """
        The peers have closed their sending side and do not read what the program sends: Send-Q \
        does not drain. The peer's kernel still answers the probes of its closed window, so no \
        timer of TCP ends this.
        """,
      look: GuideStep.list("close-wait") + [
        "See how much has been acknowledged: run twice, bytes_acked stands still.\n"
          + "{netns}ss -tnoi state close-wait '( sport = :{port} )'",
        "See what the peer on this host does instead of reading:\n"
          + "grep -H . /proc/{peer}/task/*/wchan",
      ] + GuideStep.abort("close-wait", subject.runtime),
      rescue: subject.rescue(trouble),
      fix: subject.fix(trouble, author: WorkFix.writing(subject.runtime)),
      doesNotHelp: [
        FutileAdvice.finTimeoutCloseWait,
        Futile(
          "Turning on or shortening TCP keepalive",
          why: "While data waits to be sent, TCP probes the window instead. The peer answers."),
        Futile(
          "Raising net.ipv4.tcp_wmem or SO_SNDBUF",
          why: "A larger buffer fills too when the peer does not read."),
        FutileAdvice.moreDescriptors,
      ])
  }

  /// The sockets first, then the process; of a packaged program its own state first, which says
  /// more.
  private static func looked(_ subject: GuideSubject, _ trouble: ProgramTrouble) -> [String] {
    subject.reader == .author
      ? listed + subject.look(trouble) : subject.look(trouble) + listed
  }
}
