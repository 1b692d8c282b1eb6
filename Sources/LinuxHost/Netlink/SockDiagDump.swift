// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// One dump of the sockets of one network namespace through `sock_diag`, of TCP or of MPTCP.
package struct SockDiagDump {
  /// What a dump may cost before it is broken off.
  package struct Bounds: Hashable, Sendable {
    /// Rows of all namespaces together that are kept; the others are counted. What each takes
    /// is in ``LiveHost/bytesOfRow`` and ``LiveHost/bytesOfJudgedRow``.
    package var rows = 2_000_000
    package var seconds = 20.0
    /// How often the kernel may say ENOBUFS (it had no memory for the next datagram).
    package var lostDatagrams = 64
    package init() {}
  }

  /// What is sent to the kernel, and of which namespace it is.
  package let request: InetDiagRequest
  package let namespace: NetnsID
  package let bounds: Bounds
  private let owner: UInt32?

  /// - Parameter owner: Who made the namespace; nil where that is not known.
  package init(
    _ request: InetDiagRequest, namespace: NetnsID, of owner: UInt32? = nil,
    bounds: Bounds = Bounds()
  ) {
    self.request = request
    self.namespace = namespace
    self.owner = owner
    self.bounds = bounds
  }

  /// The kernel fills at most 32 KiB at a time: a larger buffer gains nothing.
  private static let bufferSize = 32768

  /// As ``read(over:into:within:)``, of one table alone.
  package func read<Transport: DumpTransport & ~Copyable>(
    over transport: inout Transport, into rows: inout [SocketRow]
  ) throws(SystemCallError) -> [Gap] {
    var budget = RowBudget(most: bounds.rows)
    budget.begin(rows)
    let gaps = try read(over: &transport, into: &rows, within: &budget)
    budget.finish(&rows)
    return gaps + (budget.gap.map { [$0] } ?? [])
  }

  /// Sends the request and appends the answer's sockets to `rows`.
  ///
  /// - Parameter budget: Makes room among the rows.
  /// - Returns: What the dump did not see.
  /// - Throws: ``SystemCallError`` when the kernel refuses or breaks off; `rows` then holds what
  ///   came until then.
  package func read<Transport: DumpTransport & ~Copyable>(
    over transport: inout Transport, into rows: inout [SocketRow],
    within budget: inout RowBudget
  ) throws(SystemCallError) -> [Gap] {
    var answer = SockDiagAnswer(
      namespace: namespace, sequence: request.sequence, port: transport.port,
      states: request.states, isMPTCP: request.isMPTCP)
    let deadline = Clock.monotonicSeconds + bounds.seconds
    var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    var gaps: [Gap] = []
    var lost = 0
    let step = request.asksDetails ? EyeStep.details : .tables
    // The kernel reads the first of the table while it is asked.
    step.begin(of: owner, in: namespace)
    try transport.send(request.bytes)
    reading: while true {
      step.begin(of: owner, in: namespace)
      let got: Int
      do throws(SystemCallError) {
        got = try Self.receive(over: &transport, into: &buffer)
      } catch {
        guard error.errno == ENOBUFS, lost < bounds.lostDatagrams else { throw named(error) }
        lost += 1
        continue
      }
      if got > buffer.count { lost += 1 }
      let datagram = buffer.span.bytes.extracting(first: min(got, buffer.count))
      switch answer.read(datagram, into: &rows) {
      case .done:
        break reading
      case .failed(let code):
        throw SystemCallError("sock_diag dump", on: subject, errno: code)
      case .more:
        // An empty datagram is no end of a dump, and nothing can follow it.
        guard got > 0 else { throw SystemCallError("sock_diag dump", on: subject, errno: EIO) }
      }
      budget.makeRoom(in: &rows)
      if Clock.monotonicSeconds > deadline {
        gaps.append(
          Gap(
            .boundReached,
            detail: "the dump of \(subject) was broken off at \(rows.count) rows"))
        break
      }
    }
    if answer.wasInterrupted || lost > 0 {
      gaps.append(
        Gap(
          .dumpInterrupted, count: max(1, lost),
          detail: "the table of \(subject) changed under the dump, or datagrams were lost"))
    }
    if let error = answer.firstError {
      gaps.append(Gap(.rowUndecodable, count: answer.undecodable, detail: "\(error)"))
    }
    return gaps
  }

  private static func receive<Transport: DumpTransport & ~Copyable>(
    over transport: inout Transport, into buffer: inout [UInt8]
  ) throws(SystemCallError) -> Int {
    var failure: SystemCallError?
    let got = buffer.withUnsafeMutableBytes { bytes in
      do throws(SystemCallError) {
        return try transport.receive(into: bytes)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return got
  }

  /// A receive that timed out says EAGAIN; what it means is that no answer came.
  private func named(_ error: SystemCallError) -> SystemCallError {
    SystemCallError(
      "sock_diag dump", on: subject, errno: error.errno == EAGAIN ? ETIMEDOUT : error.errno)
  }

  private var subject: String { "network namespace \(namespace.rawValue)" }
}
