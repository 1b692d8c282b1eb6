// SPDX-License-Identifier: Apache-2.0

/// Reads the datagrams that answer one dump request, and tells when the answer is whole.
package struct SockDiagAnswer: Sendable {
  /// What a datagram said about the dump as a whole.
  package enum Progress: Hashable, Sendable {
    case more
    case done
    /// The kernel refused or broke off: a positive errno.
    case failed(errno: Int32)
  }

  /// The namespace that was asked; every row is given it.
  package let namespace: NetnsID
  /// The sequence number of the request.
  package let sequence: UInt32
  /// The port id of the socket that asked.
  package let port: UInt32
  /// Rows of other known states are dropped, whatever the kernel sends; unknown states are kept.
  package let states: StateSet
  /// Whether the MPTCP sockets were asked for.
  package let isMPTCP: Bool

  /// Whether the kernel set NLM_F_DUMP_INTR: rows may be missing or double.
  package private(set) var wasInterrupted = false
  /// Messages of this answer that could not be decoded, and why the first one could not.
  package private(set) var undecodable = 0
  package private(set) var firstError: DecodeError?
  /// Messages that belong to somebody else's request.
  package private(set) var strayMessages = 0

  package init(
    namespace: NetnsID, sequence: UInt32, port: UInt32, states: StateSet, isMPTCP: Bool = false
  ) {
    self.isMPTCP = isMPTCP
    self.namespace = namespace
    self.sequence = sequence
    self.port = port
    self.states = states
  }

  /// Decodes one datagram and appends its sockets to `rows`.
  ///
  /// A message that cannot be decoded is counted and the next one is read; a length that cannot be
  /// right ends the datagram, because nothing after it can be found.
  ///
  /// - Returns: Whether the answer goes on.
  ///
  /// Source: netlink(7).
  package mutating func read(_ datagram: RawSpan, into rows: inout [SocketRow]) -> Progress {
    typealias Layout = InetDiagLayout.Header
    var offset = 0
    while offset < datagram.byteCount {
      let left = datagram.byteCount - offset
      guard left >= Layout.size else {
        note(.truncated(what: "nlmsghdr", needed: Layout.size, got: left))
        return .more
      }
      let length = Int(load(datagram, offset + Layout.length, as: UInt32.self))
      guard length >= Layout.size else {
        note(.badField(table: "netlink", field: "nlmsg_len", text: String(length)))
        return .more
      }
      guard length <= left else {
        note(.truncated(what: "netlink message", needed: length, got: left))
        return .more
      }
      let progress = readMessage(datagram, at: offset, length: length, into: &rows)
      if progress != .more { return progress }
      offset += (length + 3) & ~3
    }
    return .more
  }

  private mutating func readMessage(
    _ datagram: RawSpan, at offset: Int, length: Int, into rows: inout [SocketRow]
  ) -> Progress {
    typealias Layout = InetDiagLayout.Header
    typealias Kind = InetDiagLayout.MessageType
    guard load(datagram, offset + Layout.sequence, as: UInt32.self) == sequence,
      load(datagram, offset + Layout.port, as: UInt32.self) == port
    else {
      strayMessages += 1
      return .more
    }
    if load(datagram, offset + Layout.flags, as: UInt16.self) & InetDiagLayout.interruptedFlag != 0
    {
      wasInterrupted = true
    }
    let payload = (offset + Layout.size)..<(offset + length)
    let type = load(datagram, offset + Layout.type, as: UInt16.self)
    switch type {
    case Kind.compatDump, Kind.dumpByFamily:
      do throws(DecodeError) {
        let row = try InetDiagMessage.decode(datagram, in: payload, namespace: namespace)
        if !states.leavesOut(row.state) { rows.append(isMPTCP ? MPTCPRows.known(of: row) : row) }
      } catch {
        note(error)
      }
    case Kind.done:
      // Since Linux 4.17 DONE carries the errno of a dump that broke off.
      let code = payload.count >= 4 ? load(datagram, payload.lowerBound, as: Int32.self) : 0
      return code < 0 ? .failed(errno: positive(code)) : .done
    case Kind.error:
      guard payload.count >= 4 else {
        note(.truncated(what: "nlmsgerr", needed: 4, got: payload.count))
        return .failed(errno: 0)
      }
      return .failed(errno: positive(load(datagram, payload.lowerBound, as: Int32.self)))
    case Kind.noOperation:
      break
    default:
      note(.badField(table: "netlink", field: "nlmsg_type", text: String(type)))
    }
    return .more
  }

  private mutating func note(_ error: DecodeError) {
    undecodable += 1
    if firstError == nil { firstError = error }
  }

  /// The kernel sends errors negated; the smallest number has no positive.
  private func positive(_ code: Int32) -> Int32 {
    Int32(clamping: Int64(code.magnitude))
  }

  @inline(__always)
  private func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: RawSpan, _ offset: Int, as type: Number.Type
  ) -> Number {
    InetDiagMessage.load(bytes, offset, as: type)
  }
}
