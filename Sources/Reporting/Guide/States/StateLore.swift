// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a person asks about a state beyond ``StateGuide``: whose move it is, which timer there is,
/// what its numbers tell, and what does not help.
package struct StateLore: Hashable, Sendable {
  /// A command, and what it does and does not do.
  package struct Stopgap: Hashable, Sendable {
    package var command: String
    package var effect: String
  }

  /// For lists: at most 58 characters.
  package var line: String
  /// Who can end it.
  package var movedBy: String
  /// The timer that ends it, or that there is none.
  package var timer: String
  /// What the kernel's figures of such a socket say.
  package var tells: [FigureTell]
  /// What people try in vain.
  package var doesNotHelp: [Futile]
  /// A stopgap until the program is fixed; nil where nothing can or need.
  package var stopgap: Stopgap?

  private init(
    _ line: String, movedBy: String, timer: String, tells: [FigureTell], doesNotHelp: [Futile] = [],
    stopgap: Stopgap? = nil
  ) {
    self.line = line
    self.movedBy = movedBy
    self.timer = timer
    self.tells = tells
    self.doesNotHelp = doesNotHelp
    self.stopgap = stopgap
  }

  /// nil for a state that this program does not know.
  package static func of(_ state: TCPState) -> StateLore? {
    switch state {
    case .established: established
    case .synSent: synSent
    case .synRecv, .newSynRecv: synRecv
    case .finWait1: finWait1
    case .finWait2: finWait2
    case .timeWait: timeWait
    case .close: close
    case .closeWait: closeWait
    case .lastAck: lastAck
    case .listen: listen
    case .closing: closing
    default: nil
    }
  }

  private static let established = StateLore(
    "connected; ends when one side closes or resets",
    movedBy: "either program, with close()",
    timer: "none, unless the program has set SO_KEEPALIVE",
    tells: [
      FigureTell("Recv-Q: bytes that the program here has not read.", .receiveQueue(1...)),
      FigureTell("Send-Q: bytes that the peer's kernel has not acknowledged.", .unsent),
      FigureTell("No process (inode 0): it waits in the accept queue of its listener."),
    ],
    doesNotHelp: [FutileAdvice.keepaliveSysctl])

  private static let synSent = StateLore(
    "connect() waits for an answer",
    movedBy: "the peer's kernel, with a SYN-ACK or a reset",
    timer: "tcp_syn_retries repeats, then connect() fails with ETIMEDOUT",
    tells: [
      FigureTell(
        "Many to one place: that host is down, or a firewall drops the SYN. A closed port "
          + "answers at once with a reset and leaves no row.", .always)
    ],
    doesNotHelp: [FutileAdvice.finTimeoutHandshake, FutileAdvice.keepaliveHandshake])

  private static let synRecv = StateLore(
    "a handshake came in; the peer's ACK is missing",
    movedBy: "the peer's kernel, with an ACK",
    timer: "tcp_synack_retries repeats, then the entry is dropped",
    tells: [
      FigureTell("No process and no inode: the entry belongs to the listener's port."),
      FigureTell(
        "Many from many addresses: a flood, or the SYN-ACKs do not get back to the clients.",
        .always),
    ],
    doesNotHelp: [FutileAdvice.finTimeoutHandshake, FutileAdvice.keepaliveHandshake])

  private static let finWait1 = StateLore(
    "closed here first; our FIN is not acknowledged yet",
    movedBy: "the peer's kernel, with an ACK",
    timer: "tcp_orphan_retries repeats after close(), then given up",
    tells: [
      FigureTell(
        "Timer \"on\" in ss: the FIN is sent again and again, nobody answers.", .timer(["on"])),
      FigureTell(
        "Timer \"persist\": the FIN waits behind data that the peer does not read (closed window).",
        .timer(["persist", "probe"])),
      FigureTell(
        "No process (inode 0): close() was called. With one: shutdown(SHUT_WR), and the descriptor "
          + "is open.", .holders(1)),
    ],
    doesNotHelp: [FutileAdvice.finTimeoutUnacknowledged])

  private static let finWait2 = StateLore(
    "closed here first and acknowledged; the peer has to close",
    movedBy: "the peer's program, with close()",
    timer: "tcp_fin_timeout, only when no process here holds it",
    tells: [
      FigureTell("No process (inode 0): the kernel ends it by itself."),
      FigureTell(
        "With a process: shutdown(SHUT_WR) was called and the descriptor kept. It has no limit; "
          + "the peer's end is in CLOSE_WAIT.", .holders(1)),
    ],
    doesNotHelp: [FutileAdvice.finTimeoutOwned, FutileAdvice.keepaliveHalfClosed])

  private static let timeWait = StateLore(
    "both sides closed, this one first; over after 60 s",
    movedBy: "nobody has to move",
    timer: "60 s, compiled into the kernel; no setting changes it",
    tells: [
      FigureTell(
        "No process, no descriptor: on a listener's port any number is harmless.", .always),
      FigureTell(
        "On outgoing connections each keeps its local port to that address and port. Only that "
          + "can run out.", .always),
    ],
    doesNotHelp: [FutileAdvice.finTimeoutTimeWait, FutileAdvice.lingerZeroTimeWait])

  private static let close = StateLore(
    "dead, or never connected; in no table, the descriptor stays",
    movedBy: "the program here, with close()",
    timer: "none",
    tells: [
      FigureTell(
        "ss and netstat do not show it, lsof shows it without addresses; closewatch sockets --dead "
          + "lists those of dead connections."),
      FigureTell(
        "It comes from a reset, from keepalive, or from ss -K, on a descriptor that nobody looks "
          + "at.", .always),
    ],
    doesNotHelp: [FutileAdvice.keepaliveDeadSocket])

  private static let closeWait = StateLore(
    "the peer has closed, this side has not",
    movedBy: "the program on this side, with close(). Nobody else",
    timer: "none. It can stay until the program ends",
    tells: [
      FigureTell(
        "Recv-Q 0: the end of stream was taken. The program knows, or its last read took the data "
          + "and the FIN at once; close() is missing.", .receiveQueue(0...0)),
      FigureTell(
        "Recv-Q 1: the FIN counts as one byte, and nobody has read it. No code looks at this "
          + "socket any more, or it only peeked. With TLS the few bytes of a close_notify look "
          + "alike.", .receiveQueue(1...1)),
      FigureTell(
        "Recv-Q above 1: input that the program has not taken. Its worker is stuck or busy.",
        .receiveQueue(2...)),
      FigureTell(
        "Send-Q that does not drain: the program still writes and the peer does not read.",
        .unsent),
      FigureTell(
        "No process (inode 0): the listener's program has not accepted it yet."),
      FigureTell(
        "Held by several processes: it ends only with the last close(); one close() sends no FIN.",
        .holders(2)),
      FigureTell(
        "The other end is in FIN_WAIT2, or long gone: its kernel forgets it after "
          + "tcp_fin_timeout, and nothing here changes."),
    ],
    doesNotHelp: [
      FutileAdvice.finTimeoutCloseWait, FutileAdvice.keepaliveCloseWait,
      FutileAdvice.destroyKeepsDescriptor, FutileAdvice.moreDescriptors, FutileAdvice.killPeer,
      FutileAdvice.lingerZero,
    ],
    stopgap: Stopgap(
      command: "closewatch release PID --older-than 5m",
      effect: """
        It shows what it would do, asks, and then aborts the old ones of that process with a \
        reset. Their rows, their memory in the kernel and the peer's ends go. The descriptors stay \
        open: it does not help a process that runs out of them, and it does not fix the leak.
        """))

  private static let lastAck = StateLore(
    "the peer closed, then this side; our FIN is unacknowledged",
    movedBy: "the peer's kernel, with an ACK",
    timer: "tcp_orphan_retries repeats after close(), then given up",
    tells: [
      FigureTell(
        "Timer \"on\" in ss: the FIN is sent again and nobody answers. \"persist\": data before "
          + "it is not read.", .timer(["on", "persist", "probe"])),
      FigureTell(
        "Rare and short on a healthy network: many mean that ACKs are lost, or peers vanished.",
        .always),
    ],
    doesNotHelp: [FutileAdvice.finTimeoutUnacknowledged])

  private static let listen = StateLore(
    "a program waits for connections",
    movedBy: "the program here, with close()",
    timer: "none",
    tells: [
      FigureTell(
        "Recv-Q: connections that wait for accept(). Send-Q: their limit, min(backlog, "
          + "somaxconn)."),
      FigureTell(
        "The queue is full when Recv-Q is above Send-Q: it holds one more than the limit.",
        .overLimit),
    ],
    doesNotHelp: [])

  private static let closing = StateLore(
    "both sides closed at the same time; the ACK is missing",
    movedBy: "the peer's kernel, with an ACK",
    timer: "tcp_orphan_retries repeats, then given up",
    tells: [
      FigureTell(
        "One for a moment is normal. Many at once: packets are lost in one direction.", .always)
    ],
    doesNotHelp: [FutileAdvice.finTimeoutUnacknowledged])
}
