// SPDX-License-Identifier: Apache-2.0

/// Reads `/proc/net/tcp` or `/proc/net/tcp6`, piece by piece as it comes from the kernel.
///
/// A line, wrapped here:
///
///     0: 0100007F:1771 00000000:0000 0A 00000000:00000004 00:00000000 00000000
///        1000        0 42313 1 0000000000000000 100 0 0 10 0
///
/// Rows have no cookie, age, cgroup or limit of the accept queue: this source has none. A row can
/// come twice while the table grows; see ``UniqueRows``.
///
/// Source: proc_pid_net(5), `get_tcp4_sock()`, `get_timewait4_sock()`, `get_openreq4()` and their
/// IPv6 twins.
package struct ProcNetTCP: Sendable {
  /// `ipv4` for `tcp`, `ipv6` for `tcp6`.
  package let family: AddressFamily
  package let namespace: NetnsID
  /// Rows of other known states are dropped; unknown states are kept.
  package let states: StateSet
  /// Lines that could not be decoded, and why the first one could not.
  package private(set) var undecodable = 0
  package private(set) var firstError: DecodeError?
  private var hasHeader = false

  package init(family: AddressFamily, namespace: NetnsID, states: StateSet) {
    self.family = family
    self.namespace = namespace
    self.states = states
  }

  /// The file's name, for messages.
  package var table: String { family == .ipv4 ? "/proc/net/tcp" : "/proc/net/tcp6" }

  /// Decodes the whole lines of `text` and appends their sockets to `rows`. A line that cannot be
  /// decoded is counted and the next one is read.
  ///
  /// - Returns: How many bytes were used. The rest is the start of a line: give it again with what
  ///   follows it.
  /// - Throws: ``DecodeError/missing(table:field:)`` when the first line is not the header.
  package mutating func read(
    _ text: Span<UInt8>, into rows: inout [SocketRow]
  ) throws(DecodeError) -> Int {
    var end = text.count
    while end > 0, text[unchecked: end - 1] != newline { end -= 1 }
    var cursor = 0
    if !hasHeader {
      if end == 0 { return 0 }
      skipSpaces(text, &cursor, end)
      guard peek(text, cursor, end) == UInt8(ascii: "s") else {
        throw .missing(table: table, field: "header")
      }
      hasHeader = true
      skipLine(text, &cursor, end)
    }
    while cursor < end {
      let start = cursor
      do throws(DecodeError) {
        let row = try readRow(text, &cursor, end)
        if !states.leavesOut(row.state) { rows.append(row) }
      } catch {
        undecodable += 1
        if firstError == nil { firstError = error }
        cursor = start
      }
      skipLine(text, &cursor, end)
    }
    return end
  }

  /// Says that the file has ended.
  ///
  /// - Parameter rest: What ``read(_:into:)`` did not use: empty, unless the text was cut.
  package mutating func finish(_ rest: Span<UInt8>) {
    guard !rest.isEmpty else { return }
    undecodable += 1
    if firstError == nil {
      firstError = .truncated(
        what: "last line of \(table)", needed: rest.count + 1, got: rest.count)
    }
  }

  private func readRow(
    _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int
  ) throws(DecodeError) -> SocketRow {
    var row = SocketRow()
    row.namespace = namespace
    row.family = family
    skipSpaces(text, &cursor, end)
    _ = try decimal(text, &cursor, end, "sl")
    try expect(colon, text, &cursor, end, "sl")
    row.localAddress = try address(text, &cursor, end, "local_address")
    try expect(colon, text, &cursor, end, "local_address")
    row.localPort = UInt16(truncatingIfNeeded: try hex(4, text, &cursor, end, "local_address"))
    row.remoteAddress = try address(text, &cursor, end, "rem_address")
    try expect(colon, text, &cursor, end, "rem_address")
    row.remotePort = UInt16(truncatingIfNeeded: try hex(4, text, &cursor, end, "rem_address"))
    skipSpaces(text, &cursor, end)
    row.state = TCPState(rawValue: UInt8(truncatingIfNeeded: try hex(2, text, &cursor, end, "st")))
    skipSpaces(text, &cursor, end)
    row.sendQueue = UInt32(truncatingIfNeeded: try hex(8, text, &cursor, end, "tx_queue"))
    try expect(colon, text, &cursor, end, "tx_queue")
    row.receiveQueue = UInt32(truncatingIfNeeded: try hex(8, text, &cursor, end, "rx_queue"))
    skipSpaces(text, &cursor, end)
    let timer = UInt8(truncatingIfNeeded: try hex(2, text, &cursor, end, "tr"))
    row.timer = SocketTimer(rawValue: timer) ?? .other
    try expect(colon, text, &cursor, end, "tr")
    // Ticks of USER_HZ, which is 100 on every architecture Linux still has but one (alpha).
    let ticks = try hexNumber(text, &cursor, end, "tm->when")
    row.timerMilliseconds = ticks > UInt64(UInt32.max / 10) ? .max : UInt32(ticks) * 10
    skipSpaces(text, &cursor, end)
    let retransmits = try hexNumber(text, &cursor, end, "retrnsmt")
    skipSpaces(text, &cursor, end)
    row.uid = UInt32(clamping: try decimal(text, &cursor, end, "uid"))
    skipSpaces(text, &cursor, end)
    let probes = try decimal(text, &cursor, end, "timeout")
    // sock_diag gives the one number that belongs to the timer; so does this.
    let isProbing = row.timer == .keepalive || row.timer == .probe
    row.retransmits = UInt8(clamping: isProbing ? probes : retransmits)
    skipSpaces(text, &cursor, end)
    row.inode = try decimal(text, &cursor, end, "inode")
    return row
  }

  /// Words of 32 bits that the kernel prints as they lie in memory: network byte order, read as
  /// this machine's.
  @inline(__always)
  private func address(
    _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int, _ field: StaticString
  ) throws(DecodeError) -> IPAddress {
    skipSpaces(text, &cursor, end)
    let first = try word(text, &cursor, end, field)
    if family == .ipv4 { return IPAddress(ipv4: UInt32(truncatingIfNeeded: first)) }
    let second = try word(text, &cursor, end, field)
    let third = try word(text, &cursor, end, field)
    let fourth = try word(text, &cursor, end, field)
    return IPAddress(high: first << 32 | second, low: third << 32 | fourth)
  }

  @inline(__always)
  private func word(
    _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int, _ field: StaticString
  ) throws(DecodeError) -> UInt64 {
    let number = try hex(8, text, &cursor, end, field)
    return UInt64(UInt32(bigEndian: UInt32(truncatingIfNeeded: number)))
  }

  /// Exactly `digits` hexadecimal digits.
  @inline(__always)
  private func hex(
    _ digits: Int, _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int, _ field: StaticString
  ) throws(DecodeError) -> UInt64 {
    let start = cursor
    var value: UInt64 = 0
    for _ in 0..<digits {
      let digit = nibble(peek(text, cursor, end))
      guard digit < 16 else { throw bad(field, text, start, end) }
      value = value << 4 | UInt64(digit)
      cursor += 1
    }
    return value
  }

  /// One to sixteen hexadecimal digits.
  @inline(__always)
  private func hexNumber(
    _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int, _ field: StaticString
  ) throws(DecodeError) -> UInt64 {
    let start = cursor
    var value: UInt64 = 0
    while true {
      let digit = nibble(peek(text, cursor, end))
      if digit > 15 { break }
      value = value << 4 | UInt64(digit)
      cursor += 1
    }
    guard cursor > start, cursor - start <= 16 else { throw bad(field, text, start, end) }
    return value
  }

  /// One to nineteen decimal digits: every number of them fits.
  @inline(__always)
  private func decimal(
    _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int, _ field: StaticString
  ) throws(DecodeError) -> UInt64 {
    let start = cursor
    var value: UInt64 = 0
    while true {
      let digit = peek(text, cursor, end) &- UInt8(ascii: "0")
      if digit > 9 { break }
      value = value &* 10 &+ UInt64(digit)
      cursor += 1
    }
    guard cursor > start, cursor - start <= 19 else { throw bad(field, text, start, end) }
    return value
  }

  @inline(__always)
  private func expect(
    _ byte: UInt8, _ text: Span<UInt8>, _ cursor: inout Int, _ end: Int, _ field: StaticString
  ) throws(DecodeError) {
    guard peek(text, cursor, end) == byte else { throw bad(field, text, cursor, end) }
    cursor += 1
  }

  /// The error, with the text from `start` to the next blank.
  @inline(never)
  private func bad(
    _ field: StaticString, _ text: Span<UInt8>, _ start: Int, _ end: Int
  ) -> DecodeError {
    var token: [UInt8] = []
    var cursor = start
    while cursor < end, token.count < 64, text[cursor] != newline, text[cursor] != space {
      token.append(text[cursor])
      cursor += 1
    }
    return .badField(
      table: table, field: String(describing: field), text: String(decoding: token, as: UTF8.self))
  }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let colon = UInt8(ascii: ":")

/// The byte at `cursor`, which is in a line: readers go on only over bytes that are no newline, and
/// the text they are given ends in one, so that none of them can leave it.
@inline(__always)
private func peek(_ text: Span<UInt8>, _ cursor: Int, _ end: Int) -> UInt8 {
  assert(cursor < end)
  return text[unchecked: cursor]
}

@inline(__always)
private func skipSpaces(_ text: Span<UInt8>, _ cursor: inout Int, _ end: Int) {
  while peek(text, cursor, end) == space { cursor += 1 }
}

/// Goes behind the next newline, or to the end: eight bytes at a time, since half of a line is of
/// no use to us.
@inline(__always)
private func skipLine(_ text: Span<UInt8>, _ cursor: inout Int, _ end: Int) {
  let bytes = text.bytes
  while cursor + 8 <= end {
    let word = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: cursor, as: UInt64.self)
    // A byte that is a newline becomes 0, and only 0 borrows from its highest bit.
    let zeros = word ^ 0x0a0a_0a0a_0a0a_0a0a
    if (zeros &- 0x0101_0101_0101_0101) & ~zeros & 0x8080_8080_8080_8080 != 0 { break }
    cursor += 8
  }
  while cursor < end, text[unchecked: cursor] != newline { cursor += 1 }
  if cursor < end { cursor += 1 }
}

/// The value of a hexadecimal digit; 16 or more for any other byte.
@inline(__always)
private func nibble(_ byte: UInt8) -> UInt8 {
  let digit = byte &- UInt8(ascii: "0")
  if digit < 10 { return digit }
  let letter = (byte | 0x20) &- UInt8(ascii: "a")
  return letter < 6 ? letter + 10 : 255
}
