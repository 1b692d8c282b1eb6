// SPDX-License-Identifier: Apache-2.0

/// The state of a TCP socket, by the kernel's number.
///
/// Not an `enum`: a number that this program does not know is kept and shown, so that one odd row
/// never costs the whole table.
///
/// Source: `include/net/tcp_states.h`.
package struct TCPState: RawRepresentable, Hashable, Sendable, Comparable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let established = TCPState(rawValue: 1)
  package static let synSent = TCPState(rawValue: 2)
  package static let synRecv = TCPState(rawValue: 3)
  package static let finWait1 = TCPState(rawValue: 4)
  package static let finWait2 = TCPState(rawValue: 5)
  package static let timeWait = TCPState(rawValue: 6)
  package static let close = TCPState(rawValue: 7)
  package static let closeWait = TCPState(rawValue: 8)
  package static let lastAck = TCPState(rawValue: 9)
  package static let listen = TCPState(rawValue: 10)
  package static let closing = TCPState(rawValue: 11)
  /// A request socket. Both sources show it to users as SYN_RECV; only BPF sees the number 12.
  package static let newSynRecv = TCPState(rawValue: 12)
  /// Bound and never connected. Only in dumps that ask for it.
  package static let boundInactive = TCPState(rawValue: 13)

  /// The eleven states that a socket table can show, in the order of the kernel's numbers.
  package static let shown: [TCPState] = [
    .established, .synSent, .synRecv, .finWait1, .finWait2, .timeWait, .close, .closeWait,
    .lastAck, .listen, .closing,
  ]

  private static let names = [
    "UNKNOWN_0", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
    "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV", "BOUND_INACTIVE",
  ]

  /// The kernel's name without the `TCP_`, for example `CLOSE_WAIT`; `UNKNOWN_14` for a number
  /// that has none.
  package var name: String {
    Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "UNKNOWN_\(rawValue)"
  }

  /// Finds a state by its name in any of the spellings people type: `CLOSE_WAIT`, `close-wait`,
  /// `CLOSE-WAIT`, `fin-wait-2`, `ESTAB`.
  package init?(named text: String) {
    let key = Self.key(text)
    if key == "ESTAB" {
      self = .established
      return
    }
    guard let index = Self.names.firstIndex(where: { Self.key($0) == key }), index > 0 else {
      return nil
    }
    self.init(rawValue: UInt8(index))
  }

  private static func key(_ text: String) -> String {
    String(text.uppercased().filter { $0 != "_" && $0 != "-" })
  }

  package static func < (a: TCPState, b: TCPState) -> Bool { a.rawValue < b.rawValue }
}

extension TCPState: CustomStringConvertible {
  package var description: String { name }
}

/// A set of TCP states, as the bit mask that `sock_diag` takes (`1 << state`).
package struct StateSet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ states: some Sequence<TCPState>) {
    rawValue = states.reduce(0) { $0 | (1 << UInt32($1.rawValue)) }
  }

  package init(_ states: TCPState...) { self.init(states) }

  /// Every state that a table can show, 1 to 12. BOUND_INACTIVE is left out: the kernel walks a
  /// second hash table of 64k buckets for it.
  package static let all = StateSet(rawValue: 0x1ffe)
  /// All but ESTABLISHED: the cheap look. On most hosts it leaves out nearly every socket.
  package static let allButEstablished = StateSet(rawValue: 0x1ffe & ~(1 << 1))

  package func contains(_ state: TCPState) -> Bool {
    state.rawValue < 32 && rawValue & (1 << UInt32(state.rawValue)) != 0
  }
  /// Whether a row in `state` was not asked for. A number that this program does not know is never
  /// left out: one odd row is shown rather than lost.
  package func leavesOut(_ state: TCPState) -> Bool {
    StateSet.all.contains(state) && !contains(state)
  }
}
